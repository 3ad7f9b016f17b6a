"""The settings: every source of them, and the file that holds them."""
