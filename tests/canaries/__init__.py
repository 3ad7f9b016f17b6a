"""Secrets that must not be found again: sent through every door and file, then looked for everywhere."""
