"""The counsellor's and methodologist's screens: shows what the service says, computes nothing, speaks HTTP to it."""
