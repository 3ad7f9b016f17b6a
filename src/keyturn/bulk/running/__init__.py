"""Rows under way: pace, brakes, journal, outcomes."""
