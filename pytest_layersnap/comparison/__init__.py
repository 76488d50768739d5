"""Comparing layer tables: aligning rows, naming what changed, and what follows from it."""
