"""From the name of a target to a directory that commands can be sent to."""
