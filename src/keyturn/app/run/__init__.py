"""What a run needs of this machine, and what is done with what it leaves."""
