"""Holds the secrets of a target to the servers they were given for: scheme, host and port.

What a target's address was when its secret was first used is kept in the state folder.  An address that leads somewhere
else later (a slip in the config file, a copied table, somebody else's hand) gets no secret until a person says so.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from keyturn.app.config.folders import make_private_folder
from keyturn.app.config.sections_target import TargetSettings
from keyturn.bulk.record.private import open_private
from keyturn.core.errors import ConfigError

ELSEWHERE: Final = "KT-CFG-016"
UNREADABLE: Final = "a server whose note is damaged"
_PORTS: Final = {"https": 443, "http": 80}


def origin_of(url: str) -> str:
    """Where a request to this address goes, as far as secrets care.

    >>> origin_of("https://API.Example.com/v3/")
    'https://api.example.com:443'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}:{parts.port or _PORTS.get(parts.scheme, 0)}"


def origins_of(target: TargetSettings) -> tuple[str, ...]:
    """Every server that gets a secret of this target, in order."""
    return tuple(sorted({origin_of(url) for url in (target.url, target.sign_in_url, target.manage_url) if url}))


@dataclass(frozen=True, slots=True)
class Bindings:
    """What the targets of this machine are bound to.  folder: of state; it is written to at first need."""

    folder: Path

    def of(self, name: str) -> tuple[str, ...]:
        """The servers that a target is bound to; none when its secret was not used yet.

        A note that cannot be read binds to a server that there is not, so that a person looks at the address.
        """
        try:
            told = json.loads(self._file(name).read_text("utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except (OSError, ValueError):
            told = None
        return tuple(map(str, told)) if isinstance(told, list) and told else (UNREADABLE,)

    def hold(self, name: str, target: TargetSettings) -> None:
        """Bind a target that is not bound yet; raises ConfigError for one whose secrets would go somewhere else."""
        wanted, bound = origins_of(target), self.of(name)
        if not bound:
            with suppress(OSError, ConfigError):  # where no state can be kept, each use is the first
                self.bind(name, wanted)
            return
        strange = [origin for origin in wanted if origin not in bound]
        if strange:
            raise ConfigError(
                f"the secret of {name} was given for another server",
                code=ELSEWHERE,
                where=f"for {', '.join(bound)}; the config file now says {', '.join(strange)}",
                why="a secret that goes to another server is a secret given away",
                fix=f"keyturn target bind {name}   if the new address is right, else correct it in the config file",
            )

    def bind(self, name: str, origins: Sequence[str]) -> None:
        """From now on the secrets of this target go to these servers.  Raises where that cannot be kept."""
        file = self._file(name)
        make_private_folder(self.folder)
        file.parent.mkdir(mode=0o700, exist_ok=True)
        with open_private(file) as written:
            written.write(json.dumps(list(origins)).encode())

    def release(self, name: str) -> None:
        """Forget what a target is bound to."""
        self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self.folder / "bound" / f"{name}.json"
