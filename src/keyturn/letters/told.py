"""What stands on every letter beside the handout itself: where to sign in, whom to call, in which language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from keyturn.core.handout import Handed
from keyturn.core.journal import RowState
from keyturn.core.languages import ENGLISH, Languages, Words

UNCERTAIN = str(RowState.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Told:
    """The same for all letters of a file.

    name: of the handout.  addresses: where to sign in, by target; under an empty name for every other target.
    help_text: whom to call.  head: who writes.  language: of people whose own is not known.
    """

    name: str
    written: datetime
    languages: Languages
    addresses: Mapping[str, str] = field(default_factory=dict)
    help_text: str = ""
    head: str = ""
    language: str = ENGLISH

    def words(self, handed: Handed | None = None) -> Words:
        """The words for a person; for those who hand letters over, when it is nobody's."""
        return self.languages.words(*([handed.language] if handed and handed.language else []), self.language)

    def address(self, handed: Handed) -> str:
        """Where the person signs in; empty when nobody said it."""
        return self.addresses.get(handed.target, self.addresses.get("", ""))
