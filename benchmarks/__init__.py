"""Figures measured in one run against a named peer or limit; docs/measured.md is made from results.json."""
