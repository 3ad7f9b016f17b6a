"""Five targets of five kinds before one server, and the installed command with a home of its own pointed at them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keyturn.app.dialects import DIALECTS
from keyturn.app.keeping.init import FOUNDER
from keyturn.core.commands import CreateUser, ResetPassword
from keyturn.core.permissions import Actor
from keyturn.core.ports import NewKey
from keyturn.core.secret import Secret
from keyturn.core.users import ALL_RIGHTS, Profile
from tests.bulk.kit import Done, Kit
from tests.support.server import OpenDoor, Person, served

BY_PERSON: Final = ("hdp", "primavera")
"""Kinds that are signed in to as a person."""

KINDS: Final = tuple(DIALECTS)
ADMIN: Final = "runs-the-fleet"


@dataclass(frozen=True)
class Fleet:
    """Targets named as their kinds, all before one server that knows some users."""

    home: Path
    door: OpenDoor
    secrets: Mapping[str, str]

    @property
    def kit(self) -> Kit:
        """The installed command."""
        return Kit(self.home, self.door.url)

    def run(self, *args: str | Path) -> Done:
        """Run the command to its end."""
        return self.kit.run(*args)

    def configure(self, *, head: str = "", urls: Mapping[str, str] | None = None, **more: str) -> None:
        """Write the config file.  urls: of targets that are elsewhere; more: further settings by kind."""
        lines = [head]
        for kind in KINDS:
            place = urls.get(kind, self.door.url) if urls else self.door.url
            lines += [f"[targets.{kind}]", f'kind = "{kind}"', f'url = "{place}"', self.secrets[kind]]
            lines += [more.get(kind, ""), ""]
        (self.home / "config.toml").write_text("\n".join(lines), "utf-8")

    def file(self, rows: Sequence[tuple[str, str]], *, name: str = "users.csv") -> Path:
        """A file of targets and users."""
        path = self.home.parent / name
        path.write_text("target,userid\n" + "".join(f"{target},{who}\n" for target, who in rows), "utf-8")
        return path

    def signs_in(self, who: str, password: str) -> bool:
        """Whether a password is good."""
        return self.door.sign_in(who, password).status == 201


@contextmanager
def fleet(folder: Path, users: Sequence[str], *, mail: str = "") -> Iterator[Fleet]:
    """A server with these users, and a home with a target of each kind before it.  mail: the host they get mail at."""
    with served(folder, users=[Person(who, f"{who}@{mail}" if mail else "") for who in users]) as door:
        home = folder / "home"
        home.mkdir()
        found = Fleet(home, door, sign_ins(door, home))
        found.configure()
        yield found


def sign_ins(door: OpenDoor, home: Path) -> Mapping[str, str]:
    """How each target signs in; the secrets are in files that the owner alone can read."""
    password = Secret("a password for whoever runs the fleet")
    house = door.house.directory(FOUNDER, "test")
    house.execute([CreateUser(ADMIN, Profile(ADMIN), rights=ALL_RIGHTS)])
    house.execute([ResetPassword(ADMIN, password, permanent=True)])
    _keep(home / "password", password)
    lines = dict.fromkeys(BY_PERSON, f'username = "{ADMIN}"\npassword = {{ file = "password" }}\ntenant = "default"')
    for kind in KINDS:
        if kind not in BY_PERSON:
            lines[kind] = _key(door, kind, home)
    return lines


def _key(door: OpenDoor, kind: str, home: Path) -> str:
    actor = Actor(door.made.key.key.id, "root", 1, door.made.key.key.rights)
    made = door.house.administration(actor, "test").create_key(kind, "", ALL_RIGHTS, DIALECTS[kind].keys.scopes)
    assert isinstance(made, NewKey)
    shown = DIALECTS[kind].keys.shown(made.key.id, made.token.reveal())
    _keep(home / f"{kind}.token", Secret(shown["token"]) if len(shown) == 1 else made.token)
    token = f'token = {{ file = "{kind}.token" }}'
    return token if len(shown) == 1 else f'key_id = "{made.key.id}"\n{token}'


def _keep(path: Path, secret: Secret) -> None:
    path.touch(mode=0o600)
    path.write_text(secret.reveal(), "utf-8")
