"""Whom a counsellor should talk to, and why; what the roadmap has due this month."""
