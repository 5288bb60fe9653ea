"""Consents, and what a child's data are owed: to be seen, to be handed out, to be erased."""
