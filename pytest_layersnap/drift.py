"""Drift, the public face of a comparison: told as text, Markdown, HTML and data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_layersnap.comparison.comparing import Comparison, differences
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.scope import Names, Scope
from pytest_layersnap.table import LayerTable

if TYPE_CHECKING:
    import pandas as pd

#: The command that accepts a drift.
ACCEPT = "pytest --snapshot-update"


@dataclass(frozen=True, repr=False)
class Drift(Comparison):
    """How the current layer table differs from the recorded one; true if it does.

    Args:
        recorded: the table of the snapshot.
        current: the table of the model as it is now.
        changes: what changed, in the order of the rows, as far as the scope lets it count.
        scope: which categories and columns count.
        hidden: of how many changes the scope hides something.
        pairs: which recorded row is which current row, as indices.
    """

    def __repr__(self) -> str:
        return f"<Drift of {self.current!r}: {self.summary}>"

    def __str__(self) -> str:
        """The report, without the command that accepts it."""
        return self.to_text(accept=None)

    def _repr_html_(self) -> str:
        from pytest_layersnap.report.html.drift import cell

        return cell(self)

    def to_text(self, *, accept: str | None = ACCEPT, color: bool = False) -> str:
        """The report for a terminal: complete, and readable without color.

        Args:
            accept: the command that accepts the drift, with which the report ends; None to leave
                it out.
            color: whether to color it with ANSI escapes.
        """
        from pytest_layersnap.report.text import render

        return render(self, accept=accept, color=color)

    def to_markdown(self, *, accept: str | None = ACCEPT) -> str:
        """The report for a pull request.

        Args:
            accept: the command that accepts the drift; None to leave it out.
        """
        from pytest_layersnap.report.markdown import render

        return render(self, accept=accept)

    def to_html(self, *, accept: str | None = ACCEPT) -> str:
        """The report as a page in one file, which loads nothing and needs no script.

        Args:
            accept: the command that accepts the drift; None to leave it out.
        """
        from pytest_layersnap.report.html.drift import render

        return render(self, accept=accept)

    def to_dict(self) -> dict[str, Any]:
        """The drift as data that JSON can hold."""
        from pytest_layersnap.report.json import render

        return render(self)


class LayerDrift(LayersnapError, AssertionError):
    """A model is not what its snapshot says; the message is the report."""

    __module__ = "pytest_layersnap"

    def __init__(
        self, drift: Drift | Iterable[Drift], *, accept: str | None = ACCEPT, color: bool = False
    ) -> None:
        """The failure of one drift, or of several.

        Args:
            drift: the drift, or at least one of them.
            accept: the command that accepts them; None to leave it out.
            color: whether the message is colored with ANSI escapes.
        """
        self.drifts = (drift,) if isinstance(drift, Drift) else tuple(drift)
        *others, last = self.drifts
        reports = [each.to_text(accept=None, color=color) for each in others]
        reports.append(last.to_text(accept=accept, color=color))
        super().__init__("\n\n\n".join(reports))

    @property
    def drift(self) -> Drift:
        """The first drift."""
        return self.drifts[0]

    @property
    def headline(self) -> str:
        """What drifted, in one line: ``resnet50: 1 layer changed (config), dense units 10 → 12``."""
        if len(self.drifts) > 1:
            return super().headline
        from pytest_layersnap.report.brief import brief

        return f"{self.drift.current.model}: {brief(self.drift)}"


def compare(
    recorded: LayerTable | pd.DataFrame,
    current: LayerTable | pd.DataFrame,
    *,
    only: Names | None = None,
    ignore: Names | None = None,
    tolerance: float = 1.0,
) -> Drift:
    """How the current layer table differs from the recorded one.

    Args:
        recorded: the table of the snapshot, or its DataFrame.
        current: the table of the model as it is now, or its DataFrame.
        only: categories or columns (one, or several): nothing else counts.
        ignore: categories or columns that do not count.
        tolerance: what the tolerances for the numbers in ``behavior`` are multiplied by, for computers
            that differ by more than those on which they were measured.

    Returns:
        The drift; false if nothing that counts has changed.

    Raises:
        ValueError: ``only`` or ``ignore`` names what is neither a category nor a column.
        TableError: a DataFrame is no layer table.
    """
    scope = Scope.of(only, ignore)
    tables = _table(recorded), _table(current)
    changes, hidden, pairs = differences(*tables, scope, tolerance)
    return Drift(*tables, changes, scope, hidden, pairs)


def _table(data: LayerTable | pd.DataFrame) -> LayerTable:
    return data if isinstance(data, LayerTable) else LayerTable.from_frame(data)
