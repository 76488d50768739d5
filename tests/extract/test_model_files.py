"""The architecture in a file has the table of the model that was saved."""

from __future__ import annotations

import json
import sys
import tracemalloc
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import ModelError, layer_table
from pytest_layersnap.extract import files

METADATA = json.dumps({"keras_version": "3.0.0"})

pytestmark = pytest.mark.filterwarnings("ignore")  # HDF5 is called legacy


def small(keras: ModuleType) -> Any:
    """A compiled model of a few layers."""
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(32, 3, activation="relu", name="conv")(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(5, name="head")(x), name="small")
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_same_table(keras: ModuleType, tmp_path: Path, suffix: str) -> None:
    """Byte for byte, from a path and from its text."""
    path = tmp_path / f"model.{suffix}"
    model = small(keras)
    model.save(path)
    expected = layer_table(model).to_csv()
    assert layer_table(path).to_csv() == expected
    assert layer_table(str(path)).to_csv() == expected


@pytest.mark.parametrize("name", ["mobilenetv2", "residual_network", "normalized_images"])
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_own_models(
    keras: ModuleType, own_model: Any, tmp_path: Path, name: str, suffix: str
) -> None:
    """Byte for byte what the loaded model has, of the users' models."""
    path = tmp_path / f"model.{suffix}"
    own_model(name).save(path)
    loaded = keras.models.load_model(path, compile=False)
    assert layer_table(path).to_csv() == layer_table(loaded).to_csv()


def test_weights_are_not_read(keras: ModuleType, tmp_path: Path) -> None:
    """A file whose weights are gone gives the same table, and no variable gets storage."""
    path, stripped = tmp_path / "model.keras", tmp_path / "stripped.keras"
    model = small(keras)
    model.save(path)
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(stripped, "w") as left:
        for name in ("config.json", "metadata.json"):
            left.writestr(name, archive.read(name))
    assert layer_table(stripped).to_csv() == layer_table(model).to_csv()
    kernel = files.read(path).get_layer("conv").weights[0]
    assert any(name.startswith("_pytest_layersnap") for name in vars(kernel))


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_code_in_a_file_is_not_run(keras: ModuleType, tmp_path: Path, suffix: str) -> None:
    """A lambda is refused."""
    path = tmp_path / f"model.{suffix}"
    inputs = keras.Input((4,))
    keras.Model(inputs, keras.layers.Lambda(lambda x: x * 2)(inputs)).save(path)
    with pytest.raises(ModelError, match=r"(?s)saved by Keras .*[Ll]ambda"):
        layer_table(path)


@pytest.mark.usefixtures("keras")
def test_unusable_files(tmp_path: Path) -> None:
    """One message that says what is wrong with which file."""
    missing, broken, bare = (tmp_path / f"{name}.keras" for name in ("missing", "broken", "bare"))
    with pytest.raises(ModelError, match=r"missing\.keras: no such file"):
        layer_table(missing)
    with pytest.raises(ModelError, match=r"missing\.h5: no such file"):
        layer_table(missing.with_suffix(".h5"))
    broken.write_bytes(b"not a zip")
    with pytest.raises(ModelError, match=r"broken\.keras: no model"):
        layer_table(broken)
    with zipfile.ZipFile(bare, "w") as archive:
        archive.writestr("metadata.json", METADATA)
    with pytest.raises(ModelError, match=r"bare\.keras: no model"):
        layer_table(bare)


@pytest.mark.usefixtures("keras")
@pytest.mark.parametrize(
    ("metadata", "config", "said"),
    [
        ("[]", "{}", "no model: list indices"),
        ("[" * 200_000, "{}", "no model: maximum recursion"),
        ('{"keras_version": 3}', "{}", "saved by Keras 3"),
        (METADATA, "[]", "makes no model of it"),
        (METADATA, "[" * 200_000, "makes no model of it: maximum recursion"),
        (METADATA, '{"no": "class"}', "makes no model of it: its config describes a dict"),
    ],
)
def test_other_things_than_expected(tmp_path: Path, metadata: str, config: str, said: str) -> None:
    """One message that names the file."""
    path = tmp_path / "odd.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", metadata)
        archive.writestr("config.json", config)
    with pytest.raises(ModelError, match=rf"odd\.keras.*{said}"):
        layer_table(path)


@pytest.mark.usefixtures("keras")
def test_a_small_file_that_holds_a_large_config(tmp_path: Path) -> None:
    """It is not unpacked, nor where the archive says that it is small."""
    path, size = tmp_path / "large.keras", 257 * 1024**2
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", METADATA)
        archive.writestr("config.json", b" " * size)
    with pytest.raises(ModelError, match=r"no model: its .* takes 269,484,032 bytes"):
        layer_table(path)
    said, wrong = (number.to_bytes(4, "little") for number in (size, 1000))
    path.write_bytes(path.read_bytes().replace(said, wrong))
    tracemalloc.start()
    with pytest.raises(ModelError, match=r"large\.keras"):
        layer_table(path)
    assert tracemalloc.get_traced_memory()[1] < size // 10
    tracemalloc.stop()


def test_a_file_of_weights_alone(keras: ModuleType, tmp_path: Path) -> None:
    """It has no architecture."""
    path = tmp_path / "model.weights.h5"
    small(keras).save_weights(path)
    with pytest.raises(ModelError, match="it holds weights alone"):
        layer_table(path)


def test_the_keras_in_use_reads_its_own_files(
    keras: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keras 2.15 reads what it wrote, with the classes registered there, also beside a tf_keras."""
    if not keras.__version__.startswith("2"):
        pytest.skip("Keras 3 has no second package")
    path = tmp_path / "model.keras"
    small(keras).save(path)
    other = {"keras": "tf_keras", "tf_keras": "keras"}[keras.__name__]
    monkeypatch.delitem(sys.modules, other, raising=False)
    (tmp_path / f"{other}.py").write_text('raise SystemExit("the wrong Keras was imported")\n')
    monkeypatch.syspath_prepend(tmp_path)
    assert layer_table(path) == layer_table(small(keras))


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_where_both_packages_are_in_use_each_is_asked(
    keras: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """The one that knows the classes in a file reads it."""
    if not keras.__version__.startswith("2"):
        pytest.skip("Keras 3 has no second package")
    path = tmp_path / f"model.{suffix}"
    small(keras).save(path)
    other: Any = ModuleType({"keras": "tf_keras", "tf_keras": "keras"}[keras.__name__])
    other.__version__ = keras.__version__
    monkeypatch.setitem(sys.modules, other.__name__, other)
    assert layer_table(path) == layer_table(small(keras))
