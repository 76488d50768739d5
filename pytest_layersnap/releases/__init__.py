"""One builder under many releases of Keras, each in an environment of its own."""

from typing import Final

#: The oldest release of Keras 3 that is supported.
OLDEST: Final = "3.3.3"
#: The backends of Keras 3 that releases are tried on, the smallest first.
BACKENDS: Final = ("jax", "torch", "tensorflow")
