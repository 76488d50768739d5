"""Layer tables in LaTeX, in the style of ``booktabs``, over as many pages as they take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from pytest_layersnap.exports import printed
from pytest_layersnap.exports.printed import Printed
from pytest_layersnap.filenames import unique
from pytest_layersnap.table import LayerTable

_HEAD: Final = "% Needs \\usepackage{booktabs,longtable}; include it with \\input.\n"
_TABLE: Final = r"""
{\scriptsize\setlength{\tabcolsep}{3pt}\setlength{\LTcapwidth}{\linewidth}
\setlength{\LTleft}{0pt plus 1fill minus 1fill}\setlength{\LTright}{\LTleft}
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
#: Columns with longer texts than this are broken, at that width.
_LONG: Final = 36
_BROKEN: Final = "p{18em}"

#: Longer texts than this lose their middles.
_LETTERS: Final = 200

#: What LaTeX would not print as it stands.
_SPECIAL: Final = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\texttt{\char34}",  # \textquotedbl is not in TeX's oldest encoding, the usual one
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "…": r"\ldots{}",
} | {char: f"\\{char}" for char in "{}$&#_%"}

#: Letters beyond Latin, and those that TeX's oldest encoding lacks.
_BEYOND: Final = re.compile("[«»ÐÞðþĄąĐđĘęĦħĮįĸĿŀŉŊŋŦŧŲųſ]|[^\\x00-\u017f…–—‘’“”×]")


def render(tables: Sequence[LayerTable]) -> bytes:
    """A table a model, each with a caption and a label; where there are several, their totals first."""
    shown = [printed.layers(table) for table in tables]
    names = [table.model for table in tables]
    if len(tables) > 1:
        shown.insert(0, printed.totals(tables))
        names.insert(0, "models")
    return (_HEAD + "".join(map(_table, shown, unique(names, joined=_label)))).encode()


def is_ours(data: bytes) -> bool:
    """Whether a file begins as such a file does."""
    return data.startswith(_HEAD.encode())


def _label(name: str, number: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name) + number


def _table(shown: Printed, label: str) -> str:
    columns = zip(shown.header, *shown.rows, strict=True)
    is_long = [max(map(len, column)) > _LONG for column in columns]
    kinds = zip(is_long, shown.is_number, strict=True)
    filled = {
        "columns": "".join(_BROKEN if long else "r" if right else "l" for long, right in kinds),
        "title": _text(shown.title),
        "label": label,
        "header": _line(shown.header, is_long),
        "rows": "\n".join(_line(row, is_long) for row in shown.rows),
    }
    return re.sub("@(.*?)@", lambda name: filled[name[1]], _TABLE)


def _line(cells: Iterable[str], is_long: Iterable[bool]) -> str:
    told = (
        _broken(cell) if long else _text(cell) for cell, long in zip(cells, is_long, strict=True)
    )
    line = " & ".join(told)
    # After the end of another line "[" and "*" would be arguments of it.
    return f"{'{}' if line.startswith(('[', '*')) else ''}{line} \\\\"


def _broken(text: str) -> str:
    """A text that may be broken between the words of a name."""
    return r"\raggedright " + re.sub("(/|_)", r"\1\\allowbreak{}", _text(text))


def _text(text: str) -> str:
    """A text as LaTeX prints it; letters that only newer engines know are spelled out for others."""
    parts = re.split(f"((?:{_BEYOND.pattern})+)", _without_middle(text))
    return "".join(
        _by_engine(part) if place % 2 else _plain(part) for place, part in enumerate(parts)
    )


def _without_middle(text: str) -> str:
    """A text that TeX can measure: its dimensions end at some thousand letters."""
    half = _LETTERS // 2
    return text if len(text) <= _LETTERS else f"{text[:half]}…{text[-half:]}"


def _by_engine(letters: str) -> str:
    numbers = " ".join(f"U+{ord(letter):04X}" for letter in letters)
    return rf"\ifdefined\Umathchar {letters}\else [{numbers}]\fi{{}}"


def _plain(text: str) -> str:
    text = "".join(_SPECIAL.get(char, char) for char in text)
    return re.sub("-(?=-)", "-{}", text)  # two would become a dash
