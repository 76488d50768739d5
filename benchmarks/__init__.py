"""Measurements of the project, each a program of its own."""
