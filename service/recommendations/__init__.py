"""Ranked lists with reasons, and what people decided about them."""
