"""Makes and checks verifiers: argon2id for what people chose or were given, a keyed fast hash for one-time secrets.

Both are keyed with a pepper from the key folder: a copy of the database alone verifies nothing.  Argon2id comes from
libsodium through PyNaCl: the same strings as the other bindings, at twice their speed on current processors.
"""

import base64
import hmac
import os
import re
import secrets
import time
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Final

from nacl.exceptions import InvalidkeyError
from nacl.pwhash import argon2id

from keyturn.core.credentials import Verifier
from keyturn.core.errors import Busy, ConfigError
from keyturn.core.ports import Check
from keyturn.core.secret import Secret
from keyturn.crypto.framing import Mac, framed, keyed
from keyturn.crypto.imported import LONGEST_METHOD, NotImportable, digest_of, read_hash
from keyturn.crypto.keyfolder import KeyFolder, Label
from keyturn.crypto.minting import one_time_form

_SLOW: Final = re.compile(r"\$argon2id\$v=19\$m=(?P<memory>\d+),t=(?P<passes>\d+),p=\d+\$.*")
_FAST: Final = "$hmac-sha256$v=1$"
_IMPORTED: Final = re.compile(
    r"\$imported\$(?P<method>[a-z0-9_:,-]+)\.*\$(?P<salt>[A-Za-z0-9+/]+)(?P<inner>\$argon2id.*)"
)
_QUEUE: Final = 64
_SAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """What one argon2id hash costs.  The default is OWASP's first choice (Password Storage Cheat Sheet, 2026)."""

    memory_kib: int = 19_456
    passes: int = 2

    @property
    def work(self) -> int:
        """Memory times passes: how two costs compare."""
        return self.memory_kib * self.passes


FLOOR: Final = Cost()
"""Nothing cheaper than this is ever used outside tests."""

CHEAP: Final = Cost(memory_kib=8, passes=1)
"""What `FolderHasher.cheap_for_tests` uses: the least that libsodium takes."""


class FolderHasher:
    """The core's Hasher over the peppers of a key folder, with a bounded pool of threads, one a core."""

    def __init__(self, folder: KeyFolder, cost: Cost = FLOOR, *, threads: int = 0, queue: int = _QUEUE) -> None:
        if cost.memory_kib < FLOOR.memory_kib or cost.work < FLOOR.work:
            raise ConfigError(
                "these argon2id parameters are too weak",
                code="KT-CFG-011",
                why=f"at least {FLOOR.memory_kib} KiB and {FLOOR.passes} passes over them (OWASP)",
                fix="raise them",
            )
        self._folder = folder
        self._macs: dict[tuple[Label, str], Mac] = {}
        self._methods: frozenset[str] = frozenset()
        threads = threads or os.cpu_count() or 1
        self._window = 2 * threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="keyturn-hash")
        self._places = BoundedSemaphore(threads + queue)
        self._use(cost)

    @classmethod
    def cheap_for_tests(cls, folder: KeyFolder, *, threads: int = 2, queue: int = _QUEUE) -> "FolderHasher":
        """A hasher far below the floor, for tests only: its verifiers protect nothing."""
        hasher = cls(folder, threads=threads, queue=queue)
        hasher._use(CHEAP)
        return hasher

    def hash(self, passwords: Sequence[Secret]) -> list[Verifier]:
        """Slow verifiers, in parallel.  Raises Busy when the queue is full as the batch arrives, never midway.

        A batch keeps two pieces of work a thread in the queue, so that a sign-in never waits behind all of it.
        """
        pending: deque[Future[Verifier]] = deque()
        made: list[Verifier] = []
        for number, password in enumerate(passwords):
            if len(pending) == self._window:
                made.append(pending.popleft().result())
            self._take_place(wait=number > 0)
            pending.append(self._pool.submit(self._hash_slowly, password))
        return made + [piece.result() for piece in pending]

    def hash_one_time(self, secrets: Sequence[Secret]) -> list[Verifier]:
        """Fast verifiers of one-time secrets (at least 112 bits) that the directory itself made."""
        pepper = self._pepper_id
        return [Verifier(self._fast_text(secret, pepper), pepper) for secret in secrets]

    def fault_of(self, imported: Secret) -> str:
        """Why a hash that another system made cannot be imported; empty when it can."""
        try:
            read_hash(imported.reveal())
        except NotImportable as fault:
            return str(fault)
        return ""

    def adopt(self, imported: Sequence[Secret]) -> list[Verifier]:
        """Slow, keyed verifiers around hashes that other systems made: what is kept is no use without our key, and
        costs a thief who has that as much as any password.  Raises NotImportable, or Busy."""
        read = [read_hash(one.reveal()) for one in imported]
        self._meet({one.method for one in read})
        around = self.hash([Secret(_plain(one.digest)) for one in read])
        made = []
        for one, verifier in zip(read, around, strict=True):
            text = f"$imported${one.method:.<{LONGEST_METHOD}}${_plain(one.salt)}{verifier.text}"
            made.append(Verifier(text, verifier.pepper_id))
        return made

    def check(self, candidate: Secret, verifier: Verifier | None) -> Check:
        """Compare in constant time.  None and an unknown kind of verifier cost as much as a slow one.

        Raises Busy when the queue is full.
        """
        if verifier is not None and verifier.text.startswith(_FAST):
            right = hmac.compare_digest(self._fast_text(candidate, verifier.pepper_id), verifier.text)
            self._in_pool(candidate, self._nobody())  # right or wrong, it takes as long as a password
            return Check(right, stale=right and verifier.pepper_id != self._pepper_id)
        imported = _IMPORTED.fullmatch(verifier.text) if verifier is not None else None
        if verifier is not None and imported is not None:
            self._meet({imported["method"]})
            right = self._in_pool(candidate, verifier)
            return Check(right, stale=right)
        kind = _SLOW.fullmatch(verifier.text) if verifier is not None else None
        if verifier is None or kind is None:
            self._in_pool(candidate, self._nobody())
            return Check(right=False)
        right = self._in_pool(candidate, verifier)
        work = Cost(int(kind["memory"]), int(kind["passes"])).work
        stale = work < self._cost.work or verifier.pepper_id != self._pepper_id
        return Check(right, stale=right and stale)

    @property
    def methods(self) -> frozenset[str]:
        """The methods of imported hashes that were met so far: those of the store at the start, and what came since."""
        return self._methods

    def slowest(self, methods: Iterable[str] = ()) -> float:
        """Seconds that the slowest comparison takes on this machine, measured now while nothing else disturbs.

        methods: of imported hashes that the store holds.
        """
        self._meet(set(methods))
        kinds = (None, *(self._stranger(method) for method in self._methods))
        return max(min(self._timed(kind) for _ in range(_SAMPLES)) for kind in kinds)

    def _meet(self, methods: set[str]) -> None:
        if not methods <= self._methods:
            self._methods = self._methods | methods

    def _stranger(self, method: str) -> Verifier:
        salt = _plain(b"." * (22 if method.startswith("bcrypt") else 16))
        return Verifier(f"$imported${method}${salt}{self._dummy}", self._pepper_id)

    def _timed(self, verifier: Verifier | None) -> float:
        began = time.perf_counter()
        self.check(Secret(""), verifier)
        return time.perf_counter() - began

    def fingerprint(self, data: bytes) -> str:
        """A keyed digest (key id, colon, hex) of what must be recognised again but never read."""
        return self._named(self._folder.active(Label.VERIFY).id, framed("keyturn fingerprint") + data)

    def fingerprints(self, data: bytes) -> tuple[str, ...]:
        """The same under every key that may have made one; what was kept before keys were named has no key id."""
        return self._all(framed("keyturn fingerprint") + data)

    def digest(self, token: Secret) -> str:
        """The stored form (key id, colon, hex) of a random or derived token: API keys, links."""
        return self._named(self._folder.active(Label.VERIFY).id, _of_token(token))

    def digests(self, token: Secret) -> tuple[str, ...]:
        """Every form under which the token may be stored: one a key, with and without the id of the key."""
        return self._all(_of_token(token))

    def close(self) -> None:
        """Finish what is queued and give back the threads."""
        self._pool.shutdown()

    def _use(self, cost: Cost) -> None:
        self._cost = cost
        # A well-formed verifier of nobody: comparing with it costs what comparing with a real one does.
        salt, tag = _plain(secrets.token_bytes(16)), _plain(secrets.token_bytes(32))
        self._dummy = f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p=1${salt}${tag}"

    def _nobody(self) -> Verifier:
        return Verifier(self._dummy, self._pepper_id)

    @property
    def _pepper_id(self) -> str:
        return self._folder.active(Label.PEPPER).id

    def _take_place(self, *, wait: bool) -> None:
        if not self._places.acquire(blocking=wait):
            raise Busy("too many passwords are being hashed just now", fix="try again in a few seconds")

    def _in_pool(self, candidate: Secret, verifier: Verifier) -> bool:
        self._take_place(wait=False)
        return self._pool.submit(self._check_slowly, candidate, verifier).result()

    def _hash_slowly(self, password: Secret) -> Verifier:
        try:
            pepper = self._pepper_id
            text = argon2id.str(
                self._peppered(password, pepper),
                opslimit=self._cost.passes,
                memlimit=self._cost.memory_kib * 1024,
            )
            return Verifier(text.decode("ascii"), pepper)
        finally:
            self._places.release()

    def _check_slowly(self, candidate: Secret, verifier: Verifier) -> bool:
        try:
            text = verifier.text
            if imported := _IMPORTED.fullmatch(text):
                salt = base64.b64decode(imported["salt"] + "==")
                digest = digest_of(imported["method"], salt, candidate.reveal())
                text, candidate = imported["inner"], Secret(_plain(digest))
            return argon2id.verify(text.encode("ascii"), self._peppered(candidate, verifier.pepper_id))
        except InvalidkeyError:
            return False
        finally:
            self._places.release()

    def _peppered(self, password: Secret, pepper_id: str) -> bytes:
        # In base64, because argon2 libraries disagree about a NUL byte within a password.
        return base64.b64encode(self._mac(Label.PEPPER, pepper_id)(framed("keyturn password", password.reveal())))

    def _fast_text(self, secret: Secret, pepper_id: str) -> str:
        form = one_time_form(secret.reveal())
        return _FAST + _plain(self._mac(Label.PEPPER, pepper_id)(framed("keyturn one-time", form)))

    def _all(self, message: bytes) -> tuple[str, ...]:
        named = [self._named(key.id, message) for key in self._folder.every(Label.VERIFY)]
        return (*named, *(one.partition(":")[2] for one in named))

    def _named(self, id: str, message: bytes) -> str:
        return f"{id}:{self._mac(Label.VERIFY, id)(message).hex()}"

    def _mac(self, label: Label, id: str) -> Mac:
        mac = self._macs.get((label, id))
        if mac is None:
            mac = self._macs[label, id] = keyed(self._folder.get(label, id).material)
        return mac


def _of_token(token: Secret) -> bytes:
    return framed("keyturn token", token.reveal())


def _plain(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode("ascii")
