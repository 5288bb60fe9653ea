"""Who signs in: people with passwords, systems with keys, their sessions."""
