"""What is kept of a run, and what people are given of it."""
