"""Lists of a class, a school or the region in one file."""
