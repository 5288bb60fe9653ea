"""Files of strangers: guarded, then parsed in a child process; out come cells with their places."""
