"""Names that want to be more than a name: another line, another record, another place on the screen."""

from typing import Final

SIGNS: Final = (
    "\n", "\r", "\0", "\x1b", "\x07", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\u200f", "\ufeff", "\ud800",
    "\t", "\x0b", "\x7f", "\x9b", "\\", '"', "\U000e0001",
)  # fmt: skip
"""Breaks of lines, starts of terminal commands, marks of direction, half a character, quotes, an invisible tag."""

SHAPES: Final = (
    "@", "a@b", '@{"sequence": 1, "verb": "user.delete"}', '"}@{"', "\x1b[2J@", "=cmd|@", "x@@", "\u202e@\r\n",
    "\b@", "@%0a2026-11-22 root",
)  # fmt: skip

NAMES: Final = tuple(shape.replace("@", sign) for shape in SHAPES for sign in SIGNS)
"""200 of them."""
