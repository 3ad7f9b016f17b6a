"""New passwords: opened, printed, mailed again, destroyed."""
