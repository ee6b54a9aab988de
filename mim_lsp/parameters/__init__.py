"""Adds a parameter to a Python function: which one, where, and what else has to change. Knows no LSP."""
