"""Tests of comparing tables."""
