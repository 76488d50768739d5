"""The gallery in the docs is what its script makes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.once_a_generation

ROOT = Path(__file__).parents[2]
#: So that cloning the repository costs nobody much.
LARGEST = 150_000


def test_the_gallery_is_up_to_date(keras: ModuleType) -> None:
    """Under every Keras; its files are small, and there are no others."""
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "examples" / "gallery.py")
    assert spec is not None
    assert spec.loader is not None
    gallery = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gallery)
    made: dict[Path, str] = gallery.made(keras)
    for path, text in made.items():
        assert path.read_text(encoding="utf-8") == text, path.name
        assert len(text.encode()) < LARGEST
    assert {path for path in made if path.parent.name == "gallery"} == {
        *(ROOT / "docs" / "gallery").iterdir()
    }
