"""Ranks profile classes, electives and career trials for a student. Pure: no database, no network, no environment."""
