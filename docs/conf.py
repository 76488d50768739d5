"""How Sphinx builds the site: ``tox run -e docs``."""

from importlib import metadata

project = "pytest-layersnap"
author = copyright = "The pytest-layersnap authors"
release = metadata.version(project)

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = f"{project} {release}"

myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"
python_use_unqualified_type_names = True
# What stands behind `python` in the head of an example is for the test that runs it.
suppress_warnings = ["misc.highlighting_failure"]
