"""Rules as tables that people read; `python -m tests.spec` makes docs/rules.md of them."""
