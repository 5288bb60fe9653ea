"""What is seen of the version that serves, and whether its lists may be relied on."""
