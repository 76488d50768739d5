"""What is checked inside an environment before a builder is called."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_layersnap.releases.inside import unmet


def install(folder: Path, name: str, version: str, *requires: str) -> None:
    """Put down what an installer would leave of a distribution."""
    about = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    about.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {required}" for required in requires]
    (about / "METADATA").write_text("\n".join(lines))


def test_unmet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands between the Keras in front and the packages beside it; nothing else is our concern."""
    front, base = tmp_path / "front", tmp_path / "base"
    monkeypatch.setattr(sys, "path", [str(front), str(base)])
    install(front, "keras", "3.5.0", "numpy", "optree>=0.10", "ml-dtypes; python_version < '3'")
    install(base, "keras", "3.15.1", "numpy", "unheard-of")
    install(base, "numpy", "2.4.6")
    install(base, "optree", "0.9")
    install(base, "other", "1.0", "numpy<2", "keras; extra == 'models'")
    assert list(unmet()) == ["keras 3.5.0 requires optree>=0.10, and optree is 0.9"]
    install(base, "keras-hub", "0.32.0", "keras>=3.13")
    install(front, "namex", "1")
    assert "keras-hub 0.32.0 requires keras>=3.13, and keras is 3.5.0" in list(unmet())


def test_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A requirement of Keras that nothing has installed."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    install(tmp_path, "keras", "3.5.0", "optree")
    assert list(unmet()) == ["keras 3.5.0 requires optree"]
