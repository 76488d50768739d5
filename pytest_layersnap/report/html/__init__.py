"""Drift as one HTML file: no library, no network, and no script that it needs."""
