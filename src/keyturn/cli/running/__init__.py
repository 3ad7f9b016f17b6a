"""Plan, confirm, send, sum up: `reset`, `create`, `resume`, and what they share with each other."""
