"""Layer tables in LaTeX, in the style of ``booktabs``, over as many pages as they take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from pytest_layersnap.export import printed
from pytest_layersnap.export.printed import Printed
from pytest_layersnap.table import LayerTable

_HEAD: Final = "% Needs \\usepackage{booktabs,longtable}; include it with \\input.\n"
_TABLE: Final = r"""
{\footnotesize
\begin{longtable}{@columns@}
\caption{@title@}
\label{tab:@label@}\\
\toprule
@header@
\midrule
\endfirsthead
\toprule
@header@
\midrule
\endhead
\bottomrule
\endfoot
@rows@
\end{longtable}}
"""

#: What LaTeX would not print as it stands.
_SPECIAL: Final = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "…": r"\ldots{}",
} | {char: f"\\{char}" for char in "{}$&#_%"}


def render(tables: Sequence[LayerTable]) -> bytes:
    """A table a model, each with a caption and a label; where there are several, their totals first."""
    shown = [printed.layers(table) for table in tables]
    labels = [table.model for table in tables]
    if len(tables) > 1:
        shown.insert(0, printed.totals(tables))
        labels.insert(0, "models")
    return (_HEAD + "".join(map(_table, shown, labels))).encode()


def _table(shown: Printed, label: str) -> str:
    filled = {
        "columns": "".join("r" if right else "l" for right in shown.is_number),
        "title": _text(shown.title),
        "label": re.sub(r"[^A-Za-z0-9]+", "-", label),
        "header": _line(shown.header),
        "rows": "\n".join(map(_line, shown.rows)),
    }
    return re.sub("@(.*?)@", lambda name: filled[name[1]], _TABLE)


def _line(cells: Iterable[str]) -> str:
    line = " & ".join(map(_text, cells))
    # After the end of another line "[" and "*" would be arguments of it.
    return f"{'{}' if line.startswith(('[', '*')) else ''}{line} \\\\"


def _text(text: str) -> str:
    text = "".join(_SPECIAL.get(char, char) for char in text)
    return re.sub("-(?=-)", "-{}", text)  # two would become a dash
