"""The published schemas, as strict as the reports of this very version are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

_DOCS = Path(__file__).parents[2] / "docs"


def validate(data: Any, name: str) -> None:
    """Hold data to a schema, and let it have no key that the schema does not describe.

    Args:
        data: what is to be held to it; it goes through JSON first.
        name: ``drift`` or ``report``.
    """
    schemas = {one: _strict(json.loads(_file(one).read_bytes())) for one in ("drift", "report")}
    known = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas.values()
    )
    Draft202012Validator.check_schema(schemas[name])
    Draft202012Validator(schemas[name], registry=known).validate(json.loads(json.dumps(data)))


def _file(name: str) -> Path:
    (path,) = _DOCS.glob(f"{name}-*.schema.json")
    return path


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(part) for key, part in schema.items()}
    is_object = schema.get("type") == "object" and "properties" in schema
    return {"additionalProperties": False, **strict} if is_object else strict
