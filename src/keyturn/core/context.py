"""The words that are weak for one user alone: their names and addresses, the tenant's name, ours."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from keyturn.core.users import Profile
from keyturn.core.variants import joined

PRODUCT: Final = "keyturn"
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"})


def context_of(*names: str, profile: Profile | None = None, places: Iterable[str] = ()) -> frozenset[str]:
    """The words of a user, folded and joined: what nobody's password may be made of.

    names: key, login and whatever else names them; places: the tenant's name, and the words that it chose.
    Every caller of the policy makes its context here.
    """
    found = {PRODUCT}
    for text in (*names, *places, *_of(profile)):
        found |= _words(text)
    return frozenset(found)


def _of(profile: Profile | None) -> tuple[str, ...]:
    if profile is None:
        return ()
    mails = (contact.value for contact in profile.emails)
    return profile.display_name, profile.given_name, profile.family_name, *mails


def _words(text: str) -> set[str]:
    """A name as a whole and in its parts; of an address also what stands on each side of the @, without its ending."""
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFC", text.casefold())
    local, at, domain = folded.rpartition("@")
    pieces = (local, domain.rpartition(".")[0]) if at else (folded,)
    found = {folded, local, domain, *(part for piece in pieces for part in _parts(piece))}
    return {joined(form) for word in found for form in _spellings(word)} - {""}


def _parts(text: str) -> list[str]:
    return [part for part in re.split(r"[\W_]+", text) if part]


def _spellings(word: str) -> tuple[str, ...]:
    """As it is, and as people type it on a keyboard without its accents."""
    if word.isascii():
        return (word,)
    bare = "".join(char for char in unicodedata.normalize("NFKD", word) if not unicodedata.combining(char))
    return word, bare, word.translate(_UMLAUTS)
