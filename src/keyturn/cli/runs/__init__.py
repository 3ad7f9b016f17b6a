"""Runs of this machine: looked at, spoken to, verified, followed up, forgotten."""
