"""What a run would do to each row, before it does it."""
