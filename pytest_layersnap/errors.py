"""The base of what this package raises."""


class LayersnapError(Exception):
    """Something that a user can mend; the message says what, where, and how."""

    __module__ = "pytest_layersnap"

    @property
    def headline(self) -> str:
        """The message in one line."""
        return str(self).partition("\n")[0]
