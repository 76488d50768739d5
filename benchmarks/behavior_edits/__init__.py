"""Edits of layers that people write, and what behavior tells of them."""
