"""What a check compares: ``only=``, ``ignore=`` and ``behavior=``, and how marker and arguments combine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from pytest_layersnap.errors import LayersnapError

#: The categories of changes, those that matter most first.
CATEGORIES: Final = (
    "layers",
    "type",
    "topology",
    "order",
    "trainability",
    "parameters",
    "config",
    "dtype",
    "behavior",
    "shape",
    "name",
)

#: A category or column, or several.
Names = str | Iterable[str]

# What is raised here is shown at the line of the test.
__tracebackhide__ = True


class ScopeError(LayersnapError, ValueError):
    """``only`` or ``ignore`` name what no table has; the message says what is known."""

    __module__ = "pytest_layersnap"


class Scope(NamedTuple):
    """``only`` these categories or columns, or all but ``ignore``; ``None`` says nothing.

    ``behavior`` tells whether the layers are evaluated.
    """

    only: frozenset[str] | None = None
    ignore: frozenset[str] | None = None
    behavior: bool | None = None

    @classmethod
    def of(
        cls,
        only: Names | None = None,
        ignore: Names | None = None,
        behavior: bool | None = None,
    ) -> Scope:
        """The scope that a check or a marker spells; a single string is one name.

        Raises:
            ScopeError: a name is neither a category nor a column, or ``behavior`` no truth value.
        """
        if only is not None:
            only = _known("only", only)
            if not only:
                raise ScopeError(
                    "only= names nothing, so nothing would be compared; " + _vocabulary()
                )
        if ignore is not None:
            ignore = _known("ignore", ignore)
        if behavior not in (None, True, False):
            raise ScopeError(f"behavior={behavior!r} must be True or False")
        return cls(only, ignore, behavior)

    @property
    def selects(self) -> bool:
        """Whether anything is left out."""
        return self.only is not None or self.ignore is not None

    def refined(self, nearer: Scope) -> Scope:
        """This scope, where ``nearer`` (the check's own, or a closer marker) leaves it.

        Each is taken from the nearer one that says it, and what the nearer
        one's ``only`` names is compared even if this scope ignores it.
        """
        ignore = self.ignore
        if ignore is not None and nearer.only is not None:
            ignore -= nearer.only
        return Scope(
            only=self.only if nearer.only is None else nearer.only,
            ignore=ignore if nearer.ignore is None else nearer.ignore,
            behavior=self.behavior if nearer.behavior is None else nearer.behavior,
        )

    def counts(self, category: str, columns: tuple[str, ...] = ()) -> bool:
        """Whether a difference of this category, shown by these columns, counts."""
        if self.ignore and (category in self.ignore or self.ignore.intersection(columns[:1])):
            return False
        return self.only is None or not self.only.isdisjoint({category, *columns})


def _known(argument: str, names: Names) -> frozenset[str]:
    # At the start of a run nothing is named, mostly.
    from pytest_layersnap.table import COMPARED_COLUMNS

    found = frozenset({names} if isinstance(names, str) else names)
    unknown = found.difference(CATEGORIES, COMPARED_COLUMNS)
    if unknown:
        listed = ", ".join(sorted(map(repr, unknown)))
        raise ScopeError(f"{argument}= does not know {listed}; {_vocabulary()}")
    return found


def _vocabulary() -> str:
    from pytest_layersnap.table import COMPARED_COLUMNS

    columns = [column for column in COMPARED_COLUMNS if column not in CATEGORIES]
    return (
        f"choose from the categories {', '.join(CATEGORIES)}, or the columns {', '.join(columns)}"
    )
