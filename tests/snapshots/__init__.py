"""Tests of names, files and results of snapshots."""
