"""``python -m pytest_layersnap`` is the command ``layersnap``."""

import sys

from pytest_layersnap.cli import main

if __name__ == "__main__":
    sys.exit(main())
