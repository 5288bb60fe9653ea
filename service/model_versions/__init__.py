"""Trained rankers: which exist, which one serves."""
