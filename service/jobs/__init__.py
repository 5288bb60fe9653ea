"""Work that is committed with its cause and done once, by whoever holds its lease."""
