"""Edits of real networks that know what they did, beside what a comparison reports."""
