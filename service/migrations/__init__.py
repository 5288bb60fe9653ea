"""Changes of the tables, from the first one on."""
