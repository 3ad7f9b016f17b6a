"""The keyring of the operating system: where a person at a desk keeps the secret of a target.

Loading it takes a while, so the command line does so only for a target whose secret is there.
"""

from typing import Final

import keyring
from keyring.errors import KeyringError, NoKeyringError

from keyturn.app.config.sources import UNREADABLE, one_line
from keyturn.core.errors import ConfigError
from keyturn.core.secret import Secret

SERVICE: Final = "keyturn"
NO_KEYRING: Final = "KT-CFG-017"
_OTHERS: Final = (
    'say where else the secret is: { file = "..." }, { env = "NAME" }, { command = ["..."] },'
    ' { credential = "NAME" } under systemd; or --token-stdin'
)


def must_be_there() -> None:
    """Before somebody is asked for a secret.  Raises ConfigError where there is no keyring."""
    if not keeper():
        raise _unusable(NoKeyringError())


def read(entry: str) -> Secret | None:
    """What is kept under this name; None when there is nothing.  Raises ConfigError where there is no keyring."""
    try:
        kept = keyring.get_password(SERVICE, entry)
    except KeyringError as error:
        raise _unusable(error) from None
    return one_line(kept, entry) if kept else None


def keep(entry: str, secret: Secret) -> None:
    """Put a secret under this name, in place of what was there.  Raises ConfigError where there is no keyring."""
    clear = secret.reveal()
    if not clear:
        raise ConfigError("no secret was given", code=UNREADABLE, fix="type or pipe it in as one line")
    one_line(clear, entry)
    try:
        keyring.set_password(SERVICE, entry, clear)
    except KeyringError as error:
        raise _unusable(error) from None


def forget(entry: str) -> bool:
    """Delete what is under this name; whether there was something.  Raises ConfigError where there is no keyring."""
    try:
        if keyring.get_password(SERVICE, entry) is None:
            return False
        keyring.delete_password(SERVICE, entry)
    except KeyringError as error:
        raise _unusable(error) from None
    return True


def keeper() -> str:
    """What the keyring of this machine is called; empty where there is none."""
    found = keyring.get_keyring()
    return found.name if found.priority > 0 else ""


def _unusable(error: KeyringError) -> ConfigError:
    """The text of the error is not shown: a back end may quote what it was given."""
    missing = isinstance(error, NoKeyringError)
    what = "this machine has no keyring" if missing else "the keyring of this machine cannot be used"
    why = "none runs in this session" if missing else f"it answered {type(error).__name__}; it may be locked"
    return ConfigError(what, code=NO_KEYRING, why=why, fix=_OTHERS)
