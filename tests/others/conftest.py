"""These tests run where there are packages to test with: in tox' environments ``others-…``."""

from importlib.util import find_spec

from .builders import PACKAGES

collect_ignore = [] if any(map(find_spec, PACKAGES)) else ["test_others.py"]
