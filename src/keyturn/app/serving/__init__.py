"""The directory as a server: sockets, doors, log, mail, checkpoints."""
