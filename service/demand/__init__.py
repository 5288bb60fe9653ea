"""Editions of the half-yearly list of in-demand professions."""
