"""Drift as text, Markdown and JSON: pure functions of a ``Comparison``."""
