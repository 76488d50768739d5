"""Stages and blocks of a network, found from its layer table alone."""
