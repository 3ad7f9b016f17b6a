"""A keyring in memory: an honest back end of the keyring library, for machines without a desktop."""

from collections.abc import Iterator
from contextlib import contextmanager

import keyring
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import KeyringLocked, PasswordDeleteError


class SafeBox(KeyringBackend):
    """locked: every use is refused, as while the desktop sleeps."""

    priority = 1  # the library reads it to find the best one
    name = "box of a test"

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring 25.7 leaves it untyped
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        """What is kept."""
        self._open()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        self._open()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Keep it no longer."""
        self._open()
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("not found")

    def _open(self) -> None:
        if self.locked:
            raise KeyringLocked("secret-of-the-box")


@contextmanager
def keyring_in_use(backend: KeyringBackend) -> Iterator[None]:
    """The library goes to this back end until the block ends."""
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        yield
    finally:
        keyring.set_keyring(before)


def no_keyring() -> KeyringBackend:
    """What the library falls back to on a machine that has none."""
    return fail.Keyring()  # type: ignore[no-untyped-call]  # keyring 25.7 leaves it untyped
