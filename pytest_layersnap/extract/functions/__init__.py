"""Functions as text that says what they do, and is the same in every process and Python release.

What a function does is read from its code: from its source where there is one that compiles to that
code, else from the byte code. Both come to one form, in which formatting, comments, annotations, names of
variables and the place where it stands have no part. What a function takes from outside is in
the text with its value.
"""

from pytest_layersnap.extract.functions.captured import at_home
from pytest_layersnap.extract.functions.marshalled import loaded
from pytest_layersnap.extract.functions.objects import held_by, object_text, stand_in
from pytest_layersnap.extract.functions.text import KNOWN, function_text, given_by_name, is_compiled

__all__ = [
    "KNOWN",
    "at_home",
    "function_text",
    "given_by_name",
    "held_by",
    "is_compiled",
    "loaded",
    "object_text",
    "stand_in",
]
