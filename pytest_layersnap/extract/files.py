"""Models in ``.keras`` and ``.h5`` files: the architecture alone, with Keras' safe mode on."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.extract.weightless import weightless

_HDF5 = (".h5", ".hdf5")

#: What is raised by files that are no archive, or in which other things are than expected.
_UNREADABLE = (OSError, KeyError, TypeError, ValueError, RecursionError, zipfile.BadZipFile)

#: No architecture takes as many bytes (the largest of ``keras.applications`` takes a million), and a zip of
#: a few kilobytes may hold gigabytes.
_LARGEST = 256 * 1024**2


class FileError(LayersnapError, ValueError):
    """A file that no model can be read from; the message says why."""


def is_file(value: Any) -> bool:
    """Whether this is the path of a file that a model may be in."""
    return isinstance(value, (str, os.PathLike)) and Path(value).suffix in (".keras", *_HDF5)


def read(path: str | os.PathLike[str]) -> Any:
    """The model in a file, weightless: none of the weights in the file are read.

    It is read by the generation of Keras that wrote it where that is installed. Classes of your own have to
    be registered (``keras.saving.register_keras_serializable``) and imported before.

    Raises:
        FileError: there is no such file, no model is in it, or Keras does not make one of it.
    """
    reader = _hdf5 if Path(path).suffix in _HDF5 else _archive
    try:
        text, version = reader(path)
    except _UNREADABLE as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else f"no model: {error}"
        raise FileError(f"{os.fspath(path)}: {reason}") from None
    errors = []
    for name in _packages(version):
        keras = import_module(name)
        try:
            with weightless():
                return _checked(_model(keras, text, legacy=reader is _hdf5))
        except Exception as error:  # whatever Keras, or a class of the user's, raises
            errors.append((f"{name} {keras.__version__} makes no model of it: {error}", error))
    reason, cause = errors[0]
    raise FileError(f"{os.fspath(path)} (saved by Keras {version}): {reason}") from cause


def _checked(made: Any) -> Any:
    """What Keras made of a config; it takes what names no class for mere data."""
    if not hasattr(made, "weights"):
        raise TypeError(f"its config describes a {type(made).__name__}")
    return made


def _archive(path: Any) -> tuple[str, str]:
    with zipfile.ZipFile(path) as archive:
        metadata, config = (_member(archive, name) for name in ("metadata.json", "config.json"))
    return config, str(json.loads(metadata)["keras_version"])


def _member(archive: zipfile.ZipFile, name: str) -> str:
    """A file in an archive, if it is of a size that is worth reading."""
    if (size := archive.getinfo(name).file_size) > _LARGEST:
        raise ValueError(f"its {name} takes {size:,} bytes, and no model's takes {_LARGEST:,}")
    with archive.open(name) as file:
        return file.read(size + 1).decode("utf-8")  # there may be more than the archive says


def _hdf5(path: Any) -> tuple[str, str]:
    h5py = import_module("h5py")
    if not Path(path).exists():
        raise FileNotFoundError(path)
    with h5py.File(path, "r") as file:
        if "model_config" not in file.attrs:
            raise KeyError("it holds weights alone; save the whole model with model.save()")
        return str(file.attrs["model_config"]), str(file.attrs.get("keras_version", "2"))


def _packages(version: str) -> list[str]:
    """The Kerases that may read what this version wrote.

    Those in use, if they are of that generation: each knows the classes that were registered with it.
    """
    names = ("tf_keras", "keras") if version.startswith("2") else ("keras", "tf_keras")
    generation = version.partition(".")[0]
    in_use = [
        name
        for name in names
        if name in sys.modules and sys.modules[name].__version__.partition(".")[0] == generation
    ]
    return in_use or [next((name for name in names if find_spec(name)), "keras")]


def _model(keras: Any, text: str, *, legacy: bool) -> Any:
    serialization = import_module(f"{keras.__name__}.src.saving.serialization_lib")
    with serialization.SafeModeScope(True):
        if not legacy:
            config = json.loads(text) | {"compile_config": None}
            return serialization.deserialize_keras_object(config, safe_mode=True)
        saving = f"{keras.__name__}.src"
        if not hasattr(keras, "ops"):
            json_utils = import_module(f"{saving}.saving.legacy.saved_model.json_utils")
            return keras.models.model_from_config(json_utils.decode(text))
        legacy_saving = {
            name: import_module(f"{saving}.legacy.saving.{name}")
            for name in ("json_utils", "saving_options", "saving_utils")
        }
        with legacy_saving["saving_options"].keras_option_scope(use_legacy_config=True):
            config = legacy_saving["json_utils"].decode(text)
            return legacy_saving["saving_utils"].model_from_config(config)
