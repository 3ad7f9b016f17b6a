"""A directory is made, copied, restored, and its keys and rules are looked after."""
