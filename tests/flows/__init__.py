"""Stages and blocks, and their pictures."""
