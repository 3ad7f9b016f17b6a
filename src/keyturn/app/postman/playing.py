"""From a collection and a file to runs: one for each request, each for every row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from keyturn.app.config.sections_target import TargetSettings
from keyturn.app.config.settings import Settings
from keyturn.app.config.sources import Credentials
from keyturn.app.dialects import FIRST_KIND, IN_FLIGHT
from keyturn.app.postman.recognising import Known, recognise
from keyturn.app.postman.recording import Before, RowRequest
from keyturn.app.target.binding import origin_of
from keyturn.app.target.targets import Target, check
from keyturn.bulk.job import Job, Operation, PasswordChoice, PasswordFrom, Reading
from keyturn.bulk.ports import RunKeys
from keyturn.core.errors import ConfigError, SourceError
from keyturn.core.ports import Directory
from keyturn.core.secret import Secret
from keyturn.dialects.postman.client import RecordedDirectory
from keyturn.dialects.postman.wire import Collection, Item
from keyturn.dialects.postman.wire_request import Prepared, prepare
from keyturn.dialects.postman.wire_scripts import Unread, read_scripts
from keyturn.dialects.postman.wire_templates import Variables
from keyturn.dialects.postman.wire_types import as_newman
from keyturn.http.call import Site

GENERIC: Final = "postman"
"""The kind of a target that stands for a request which no dialect knows."""

SOURCE: Final = "the collection"


@dataclass(frozen=True, slots=True)
class Manners:
    """How far a run keeps to what newman does.  again: also send what is done, and what may have been done; types: let
    cells that look like numbers be numbers; bare: put cells into the address as they are; literal: send variables that
    nothing stands for as they are written; each: send rows that ask for the same; as_is: recognise nothing."""

    again: bool = False
    types: bool = False
    bare: bool = False
    literal: bool = False
    each: bool = False
    as_is: bool = False

    @property
    def plain(self) -> bool:
        """Whether requests have to be sent as they stand."""
        return self.types or self.bare or self.literal or self.each or self.as_is


@dataclass(frozen=True, slots=True)
class Trust:
    """Which certificates are believed, and which one is shown; each a file.  passphrase: of the key of the latter."""

    ca_bundle: str = ""
    certificate: str = ""
    certificate_key: str = ""
    passphrase: Secret | None = field(default=None, repr=False)

    @property
    def sealed(self) -> str:
        """The file of the key that is under a pass phrase; empty where none is."""
        file = self.certificate_key or self.certificate
        try:
            return file if file and b"ENCRYPTED" in Path(file).read_bytes() else ""
        except OSError:
            return ""  # which is told when the certificate is used


@dataclass(frozen=True, slots=True)
class Table:
    """The file of rows: its header.  last: the last row to send."""

    header: tuple[str, ...]
    last: int | None = None
    made: bool = False


@dataclass(frozen=True, slots=True)
class Played:
    """One request against the file, ready to be carried out.  known: what it was recognised as.

    kept: what its run keeps, to make the same request again; a secret in it is sealed under the key of the run.
    """

    prepared: Prepared
    target: Target
    job: Job
    reading: Reading
    request: RowRequest
    known: Known | None = None
    iterations: int | None = None
    kept: Callable[[RunKeys], Mapping[str, str]] = lambda _: {}

    def knowing(self, before: Before) -> "Played":
        """The same, with what earlier runs have done."""
        request = replace(self.request, before=before)
        return replace(self, request=request, job=replace(self.job, recorded=request))

    @property
    def told_apart(self) -> bool:
        """Whether the name of a row says all that the row asks for."""
        return self.known is not None or self.request.told_apart


@dataclass(frozen=True, slots=True)
class Opened:
    """The requests of a collection that are to run.  unread: scripts, or parts of them, that are not read as rules."""

    requests: Sequence[Prepared]
    unread: Sequence[Unread] = field(default_factory=tuple)


def open_requests(
    collection: Collection,
    known: Mapping[str, str],
    columns: Sequence[str],
    folders: Sequence[str] = (),
    manners: Manners = Manners(),
) -> Opened:
    """Put in what is known and read the scripts.  Raises SourceError before anything is sent."""
    variables = Variables({**collection.variables, **known}, columns, manners.literal)
    requests, unread = [], dict[Unread, None]()
    for item in chosen(collection, folders):
        rules = read_scripts(item.scripts)
        unread.update(dict.fromkeys(rules.unread))
        requests.append(replace(prepare(item, variables, rules.statuses), bare=manners.bare))
    if not requests:
        fix = "choose the collection that holds the requests"
        raise SourceError("the collection holds no request", code="KT-COL-001", fix=fix)
    return Opened(requests, tuple(unread))


def chosen(collection: Collection, folders: Sequence[str]) -> Iterator[Item]:
    """The requests that are in these folders or are called so; all, where none is named.  Raises ConfigError."""
    for name in folders:
        if not any(name in item.place for item in collection.items):
            names = ", ".join(dict.fromkeys(part for item in collection.items for part in item.place))
            raise ConfigError(f"the collection has no folder or request {name}", code="KT-COL-007", fix=names)
    yield from (item for item in collection.items if not folders or set(folders) & set(item.place))


def played(prepared: Prepared, table: Table, settings: Settings, manners: Manners, trust: Trust) -> Played:
    """A request as a run carries it out: as the order that does the same, else as it stands.

    Raises ConfigError for a server that may not be called so.
    """
    request = RowRequest(prepared, table.header, last=table.last, each=manners.each or table.made)
    if manners.types:
        request = replace(request, cast=as_newman)
    known = None if manners.plain or trust.certificate else recognise(prepared)
    if known is None:
        return _as_it_stands(prepared, request, settings, manners, trust)
    if known.job.password.origin is PasswordFrom.SAME and not settings.runs.same:
        raise ConfigError("one password for all is forbidden here", code="KT-CFG-038", where="runs.same")
    found, sign_in = known.recognised, known.recognised.sign_in
    name, configured = _settings_of(settings, found.url, known.kind, trust)
    target = msgspec.structs.replace(configured, url=found.url, tenant="")
    credentials = Credentials(source=SOURCE)
    if sign_in is not None:
        held = {"token": sign_in.token, "username": sign_in.username, "password": sign_in.password}
        credentials = Credentials(source=SOURCE, **held)  # type: ignore[arg-type]  # each as its field has it
        target = msgspec.structs.replace(target, username=sign_in.username)
    return Played(
        prepared,
        Target(name, target, credentials),
        replace(known.job, recorded=request),
        Reading(dict(known.columns)),
        request,
        known,
    )


def _as_it_stands(
    prepared: Prepared, request: RowRequest, settings: Settings, manners: Manners, trust: Trust
) -> Played:
    name, target = _settings_of(settings, prepared.base, FIRST_KIND, trust)
    target = msgspec.structs.replace(target, kind=GENERIC, url=prepared.base)

    def connect(paced: TargetSettings) -> Directory:
        site = Site(
            prepared.base,
            paced.ca_bundle,
            paced.timeout,
            paced.jobs or IN_FLIGHT,
            paced.allow_plain_http,
            trust.certificate,
            trust.certificate_key,
            trust.passphrase,
        )
        return RecordedDirectory(prepared, site, SOURCE, again=manners.again)

    header = next(
        (one for one in (*request.named_by, *request.header) if one not in request.secrets), request.header[0]
    )
    job = Job(Operation.SEND, PasswordChoice(PasswordFrom.REQUEST), recorded=request)
    return Played(
        prepared, Target(name, target, Credentials(source=SOURCE), connector=connect), job, Reading({"id": header}),
        request,
    )  # fmt: skip


def _settings_of(settings: Settings, url: str, kind: str, trust: Trust) -> tuple[str, TargetSettings]:
    """The configured target at this address, with its limits and whom it protects, else one that is named for its host.

    What it signs in with stays behind: the collection brings its own.
    """
    here = origin_of(url)
    for name, configured in settings.targets.items():
        if configured.url and origin_of(configured.url) == here:
            bare = msgspec.structs.replace(configured, kind=kind, key_id="", token=None, username="", password=None)
            return name, check(name, _with(bare, url, trust), settings.folders.config.parent)
    name = urlsplit(url).netloc
    return name, check(name, _with(TargetSettings(kind), url, trust), settings.folders.config.parent)


def _with(target: TargetSettings, url: str, trust: Trust) -> TargetSettings:
    target = msgspec.structs.replace(target, url=url)
    return msgspec.structs.replace(target, ca_bundle=trust.ca_bundle) if trust.ca_bundle else target


def iterations_file(folder: Path, count: int) -> Path:
    """A file with a row for each iteration of a run that was given none."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"iterations-{count}.csv"
    text = "".join(["iteration\n", *(f"{number}\n" for number in range(1, count + 1))])
    path.write_text(text, encoding="utf-8")
    return path
