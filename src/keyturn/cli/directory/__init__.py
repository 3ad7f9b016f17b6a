"""A directory of our own: its server, users, groups, keys, policy, audit and backup."""
