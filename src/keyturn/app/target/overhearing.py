"""Counts the requests that leave while something is done, for who has to show that it only read."""

from keyturn.http.call import overheard

__all__ = ["overheard"]
