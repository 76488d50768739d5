"""What a check compares, and how marker and arguments combine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pytest_layersnap.errors import LayersnapError

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
        only: Iterable[str] | None = None,
        ignore: Iterable[str] | None = None,
        behavior: bool | None = None,
    ) -> Scope:
        """The scope that a check or a marker spells; a single string is one name.

        Raises:
            ScopeError: a name is neither a category nor a column, or ``behavior`` no truth value.
        """
        scope = cls(_names(only), _names(ignore), behavior)
        if scope.selects:
            scope._require_known()
        if behavior not in (None, True, False):
            raise ScopeError(f"behavior={behavior!r} is neither True nor False")
        return scope

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

    def _require_known(self) -> None:
        from pytest_layersnap.comparison.selection import Selection

        try:
            Selection.of(self.only, self.ignore)
        except ValueError as error:
            raise ScopeError(str(error)) from None


def _names(value: Iterable[str] | None) -> frozenset[str] | None:
    if value is None:
        return None
    return frozenset([value] if isinstance(value, str) else value)
