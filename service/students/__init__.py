"""Classes, and what is known of a student."""
