"""Telling school systems what happened: an edition, a version, a batch, an import."""
