"""keyturn administers user credentials, one at a time or a hundred thousand at once."""

__version__ = "0.1.0"
