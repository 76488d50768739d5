"""The layer tables of what the command line names: a saved model, or a function that builds one."""

from __future__ import annotations

import contextlib
import shlex
import sys
import traceback
from collections.abc import Iterator
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.extract import ModelError, layer_table
from pytest_layersnap.inifile import setting
from pytest_layersnap.table import LayerTable

_HERE: Final = str(Path(__file__).parent)


class BuilderError(LayersnapError):
    """Something that no model comes of; the message says why."""


def table_of(text: str, *, behavior: bool = False) -> LayerTable:
    """The layer table of a model.

    Args:
        text: the path of a ``.keras`` or ``.h5`` file, or ``package.module:function``, where a
            model takes the place of a function too.
        behavior: whether to evaluate the layers, too.

    Modules are looked for in the working directory first, then where the setting ``pythonpath`` has
    pytest look. What is printed on the way goes to standard error.

    Raises:
        BuilderError: there is no such file, module or function, what it gives is no model, or it
            fails; then with the traceback of what failed.
    """
    if _is_saved(text) and not Path(text).is_file():
        raise BuilderError(f"there is no file {text}")
    with contextlib.redirect_stdout(sys.stderr), _explained(text):
        return layer_table(Path(text) if _is_saved(text) else _builder(text), behavior=behavior)


def _is_saved(text: str) -> bool:
    return text.lower().endswith((".keras", ".h5"))


def _search(here: Path) -> None:
    """Have modules found in the working directory, and where pytest would find them."""
    places = [here]
    for root in (here, *here.parents):
        if value := setting(root, "pythonpath"):
            names = shlex.split(value) if isinstance(value, str) else value
            places += [root / name for name in names]
            break
    sys.path[:0] = [str(place) for place in places if str(place) not in sys.path]


def _builder(text: str) -> Any:
    module, _, name = text.partition(":")
    here = Path.cwd()
    _search(here)
    try:
        loaded = import_module(module)
    except ModuleNotFoundError as error:
        if error.name and f"{module}.".startswith(f"{error.name}."):
            raise BuilderError(
                f"{text}: there is no module {error.name!r} in {here}; "
                "run from the folder that holds it, or set pythonpath in the ini file"
            ) from None
        raise
    try:
        return attrgetter(name)(loaded)
    except AttributeError as error:
        raise BuilderError(f"{text}: {error}") from None


@contextlib.contextmanager
def _explained(text: str) -> Iterator[None]:
    """Say what fails in a model's own code where it fails."""
    try:
        yield
    except BuilderError:
        raise
    except ModelError as error:
        raise BuilderError(f"{text}: {error}") from None
    except Exception as error:
        trace = traceback.TracebackException(type(error), error, _outside(error.__traceback__))
        # What stands in for a part of Keras while weights wait has frames among those of Keras.
        frames = [frame for frame in trace.stack if not frame.filename.startswith(_HERE)]
        trace.stack = traceback.StackSummary.from_list(frames)
        raise BuilderError(f"{text} fails\n\n{''.join(trace.format())}") from None


def _outside(where: TracebackType | None) -> TracebackType | None:
    """A traceback from the first frame that is neither ours nor Python's import."""
    while where is not None:
        file = where.tb_frame.f_code.co_filename
        if (
            not file.startswith((_HERE, "<frozen importlib"))
            and "importlib" not in Path(file).parts
        ):
            return where
        where = where.tb_next
    return None
