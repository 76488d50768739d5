"""Which part of a table a check compares, and how marker and arguments combine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pytest_layersnap.errors import LayersnapError

# What is raised here is shown at the line of the test.
__tracebackhide__ = True


class ScopeError(LayersnapError, ValueError):
    """``only`` or ``ignore`` name what no table has; the message says what is known."""


class Scope(NamedTuple):
    """``only`` these categories or columns, or all but ``ignore``; ``None`` says nothing."""

    only: frozenset[str] | None = None
    ignore: frozenset[str] | None = None

    @classmethod
    def of(cls, only: Iterable[str] | None = None, ignore: Iterable[str] | None = None) -> Scope:
        """The scope that a check or a marker spells; a single string is one name.

        Raises:
            ScopeError: a name is neither a category nor a column.
        """
        scope = cls(_names(only), _names(ignore))
        if scope != cls():
            scope._require_known()
        return scope

    def refined(self, nearer: Scope) -> Scope:
        """This scope, where ``nearer`` (the check's own, or a closer marker) leaves it.

        ``only`` and ``ignore`` are each taken from the nearer one that says it, and what the nearer
        one's ``only`` names is compared even if this scope ignores it.
        """
        ignore = self.ignore
        if ignore is not None and nearer.only is not None:
            ignore -= nearer.only
        return Scope(
            only=self.only if nearer.only is None else nearer.only,
            ignore=ignore if nearer.ignore is None else nearer.ignore,
        )

    def _require_known(self) -> None:
        from pytest_layersnap.compare.selection import Selection

        try:
            Selection.of(self.only, self.ignore)
        except ValueError as error:
            raise ScopeError(str(error)) from None


def _names(value: Iterable[str] | None) -> frozenset[str] | None:
    if value is None:
        return None
    return frozenset([value] if isinstance(value, str) else value)
