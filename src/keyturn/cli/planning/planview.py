"""Draws a plan for people."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from keyturn.bulk.intake.columns import PEOPLE
from keyturn.bulk.job import Operation, PasswordFrom
from keyturn.bulk.planning.cautions import Caution, of_sign_in, span
from keyturn.bulk.planning.cures import cure
from keyturn.bulk.planning.plan import Group, Part, Plan
from keyturn.bulk.planning.screening import TWO_NAMES, Fate
from keyturn.bulk.record.handing import Handing
from keyturn.bulk.running.shares import Speed
from keyturn.cli.desk.desk import Desk, Probes
from keyturn.cli.planning.handingview import parts_in_words
from keyturn.cli.planning.lookingup import lookup_lines
from keyturn.cli.words import counted, named_lines
from keyturn.core.capabilities import Capabilities
from keyturn.core.errors import KeyturnError
from keyturn.core.harmless import harmless
from keyturn.core.ports import Probe

_SIGNS = {Fate.SKIP: "-", Fate.BLOCK: "x"}
_ROOM = 64
"""Columns beside the names, on a terminal of 80."""

_WORDS = {
    "blank": "blank rows",
    "duplicate": "same user twice",
    "protected": "protected",
    "own-account": "the account that is signed in",
    "left-out": "not meant by --where, --rows or --limit",
    "done-before": "done by an earlier run",
    "beyond-iterations": "more rows than iterations were asked for",
}


def draw_plan(
    put: Callable[[str], None],
    plan: Plan,
    desk: Desk,
    probes: Probes,
    speeds: Mapping[str, Speed],
    handed: tuple[Sequence[str], Handing],
) -> None:
    """Print the plan: where, what, which rows, how fast, and what to know before one says yes.

    handed: who can open the handout as a whole, and what else is in it.
    """
    recipients, handing = handed
    several = len(plan.parts) > 1
    where = f"{len(plan.parts)} targets" if several else _place(desk, plan.target)
    lines = [desk.frame.strong(f"Plan for {plan.job.operation} on {where}")]
    lines += [] if several else _signed_in(desk, plan.target, probes)
    lines += [*_file(plan, handing.headers), ""]
    if several:
        lines += _by_target(plan, desk, probes, speeds)
    else:
        lines += [line for group in plan.groups for line in _group(plan.parts.get(group.target), group)]
    if not plan.change:
        lines.append("  no user would change")
    lines += lookup_lines(plan.lookup)
    parts = list(plan.parts.values())
    lines += ["", *named_lines("password", *_passwords(plan, desk, recipients), *_afterwards(parts), *_sessions(parts))]
    lines += parts_in_words(plan, handing)
    if not several:
        lines += named_lines("pace", _pace(plan, plan.target, speeds))
    lines += named_lines("safety", "stops on refused sign-in, on failures in a row, or on too many failures")
    if several:
        lines += named_lines("", "each target by itself: what stops one stops no other")
    put(lines[0])
    for line in lines[1:]:  # names of files, sheets and columns are foreign text
        put(harmless(line))
    for warning in (*plan.warnings, *_sign_ins(plan, desk, probes, speeds)):
        desk.frame.warn(warning.text, code=warning.code)
    for name, answer in probes.items():
        if isinstance(answer, KeyturnError):
            count = plan.counts_of(name)[Fate.CHANGE]
            desk.frame.warn(f"{name}: {answer.what}; its {counted(count, 'row')} will stay not tried", code=answer.code)


def _place(desk: Desk, name: str) -> str:
    settings = desk.seats[name].target.settings
    place = [part for part in (settings.kind, settings.url or settings.data) if part]
    if settings.production:
        place.append("PRODUCTION")
    return f"{name}  ({', '.join(place)})"


def _signed_in(desk: Desk, name: str, probes: Probes) -> list[str]:
    answer = probes.get(name)
    if isinstance(answer, KeyturnError):
        return named_lines("not there", answer.what)
    account = answer.account if answer is not None else desk.seats[name].directory.account
    lines = named_lines("signed in as", account + ("" if answer is not None else " (offline: not asked)"))
    if answer is not None and answer.expires_in is not None:
        lines += named_lines("", f"the sign-in is good for {span(answer.expires_in)}")
    return lines


def _file(plan: Plan, handed: Sequence[str]) -> list[str]:
    source = plan.source
    told = (source.path.name, counted(plan.total, "row"), source.table.how, f"sha256 {source.sha256[:8]}...")
    lines = named_lines("file", ", ".join(told))
    kept = any(part.job.operation is not Operation.CREATE or _can(part).names for part in plan.parts.values())
    lost = () if kept else PEOPLE
    named = [
        f"{c.header} -> {'not kept' if name in lost else name}{' (guess)' if c.guess else ''}"
        for name, c in plan.columns.items()
    ]
    if plan.job.sends is not None:
        return [*lines, *_packed("columns", list(plan.job.sends.columns))]
    lines += _packed("columns", named)
    ignored = [name for name in source.matched.ignored if name not in handed]
    if ignored:
        lines += named_lines("", f"ignored: {', '.join(ignored)}")
    if plan.trimmed:
        lines += named_lines("", f"blanks around the id were cut off in {counted(plan.trimmed, 'row')}")
    return lines


def _by_target(plan: Plan, desk: Desk, probes: Probes, speeds: Mapping[str, Speed]) -> list[str]:
    """A block for each target, then the rows that go nowhere."""
    lines = []
    for name, part in plan.parts.items():
        lines += [f"  {_place(desk, name)}", *_signed_in(desk, name, probes)]
        lines += [line for group in plan.groups if group.target == name for line in _group(part, group)]
        if part.job.password.origin is PasswordFrom.GENERATE:
            lines += named_lines("password", f"{_length(part)} characters")
        lines += [*named_lines("pace", _pace(plan, name, speeds)), ""]
    nowhere = [line for group in plan.groups if group.target not in plan.parts for line in _group(None, group)]
    return [*lines, *(["  to no target", *nowhere] if nowhere else lines[:0])]


def _packed(name: str, parts: list[str]) -> list[str]:
    """A named list on as few lines as fit a terminal of 80 columns."""
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]}   {part}" if lines[-1] else part
        if lines[-1] and len(longer) > _ROOM:
            lines.append(part)
        else:
            lines[-1] = longer
    return named_lines(name, *lines)


def _group(part: Part | None, group: Group) -> list[str]:
    if group.fate is Fate.CHANGE and part is not None:
        created = part.job.operation is Operation.CREATE
        what = "change the password" if part.job.old else "set a new password"
        what = "send the request" if part.job.sends is not None else what
        return [f"  {'+' if created else '~'} {group.count:>7,}  {'create' if created else what}"]
    told = group.fate is Fate.BLOCK or group.reason == TWO_NAMES
    words = _WORDS.get(group.reason, group.text if told else group.reason)
    rows = ", ".join(str(number) for number in group.rows) + (" ..." if group.count > len(group.rows) else "")
    fate = "skipped" if group.fate is Fate.SKIP else "blocked"
    line = f"  {_SIGNS[group.fate]} {group.count:>7,}  {fate}: {words}   {'row' if group.count == 1 else 'rows'} {rows}"
    return [line, f"{'':13}{cure(group.reason)}"] if group.fate is Fate.BLOCK else [line]


def _length(part: Part) -> str:
    return part.job.rendering.partition(":")[2]


def _passwords(plan: Plan, desk: Desk, recipients: Sequence[str]) -> list[str]:
    if plan.job.sends is not None:
        return ["whatever stands in the request"]
    origin, email = plan.job.password.origin, plan.job.email
    lengths = sorted({_length(part) for part in plan.parts.values()}, key=int)
    made = {
        PasswordFrom.GENERATE: f"made by keyturn, one each, {' or '.join(lengths)} characters",
        PasswordFrom.COLUMN: f"from the column {plan.job.password.column}",
        PasswordFrom.HASH: f"those of another system, by their hashes in the column {plan.job.password.column}",
        PasswordFrom.SAME: "one for all, as given",
        PasswordFrom.TARGET: "made by the target",
    }[origin]
    if plan.job.old:
        made += f", with the present one from the column {plan.job.old}"
    if plan.job.password.known:
        untold = "you tell the users" if origin is PasswordFrom.SAME else "users know it already"
        return [f"{made}; {_mailed(plan) if email else untold}"]
    if all(part.job.mails_or_loses(_can(part)) for part in plan.parts.values()):
        return [made, f"{_mailed(plan)}; nobody learns what it cannot mail"]
    goes = f"{_mailed(plan)}; what it cannot mail goes into the handout" if email else "into the handout"
    if recipients:
        return [made, f"{goes}, sealed for {', '.join(key[:12] + '...' for key in recipients)}"]
    identity = f"which this machine can open ({desk.machine.identity})"
    return [made, goes, identity, "--handout age:KEY seals it for somebody else"]


def _can(part: Part) -> Capabilities:
    return part.destination.capabilities


def _mailed(plan: Plan) -> str:
    """Who mails.  What the target made stands in its mail; of what it was given that is not always said."""
    shown = not plan.job.ours or all(_can(part).mail_shows for part in plan.parts.values())
    return "mailed by the target" if shown else "the target mails, no page says whether with the password"


def _afterwards(parts: Sequence[Part]) -> list[str]:
    if any(part.job.sends is not None for part in parts):
        return []
    own = [part.job.old or part.job.password.origin is PasswordFrom.HASH for part in parts]
    asked = [False if theirs else _can(part).temporary for theirs, part in zip(own, parts, strict=True)]
    where = "" if all(asked) else ", where the target asks for it"
    told = [f"users must choose their own at the first sign-in{where}"] if any(asked) else []
    return told or (["perhaps users must choose their own at the first sign-in"] if None in asked else [])


def _sessions(parts: Sequence[Part]) -> list[str]:
    """What becomes of the sessions that the users have open; new users have none."""
    told = {_can(part).ends_sessions for part in parts if part.job.operation is Operation.RESET}
    if not told:
        return []
    if told == {None}:
        return ["no page says whether sessions that they have open end"]
    if len(told) > 1:
        return ["sessions that they have open end where the target does that (keyturn target caps)"]
    return ["sessions that they have open end" if told == {True} else "sessions that they have open go on"]


def _needed(plan: Plan, name: str, speed: Speed) -> float | None:
    """Seconds that the rows of a target take at least; None where no rate is set."""
    return plan.counts_of(name)[Fate.CHANGE] / speed.each_second if speed.each_second else None


def _pace(plan: Plan, name: str, speeds: Mapping[str, Speed]) -> str:
    speed = speeds[name]
    needed = _needed(plan, name, speed)
    rate = f", at most {' and '.join(map(str, speed.rates))}" if speed.rates else ""
    part = f", {speed.use_at_most:.0%} of what the target says it takes" if speed.use_at_most < 1 else ""
    jobs = f"up to {speed.jobs} in flight, as the target takes them" if speed.adaptive else f"{speed.jobs} in flight"
    return f"{jobs}{rate}{part}{f'   about {span(needed)}' if needed else ''}"


def _sign_ins(plan: Plan, desk: Desk, probes: Probes, speeds: Mapping[str, Speed]) -> list[Caution]:
    """What to know where the sign-in ends before the rows of a target are through."""
    found = []
    for name in plan.parts:
        answer, settings = probes.get(name), desk.seats[name].target.settings
        if isinstance(answer, Probe):
            renewed = bool(settings.key_id or settings.username)
            ending = of_sign_in(answer.expires_in, _needed(plan, name, speeds[name]), renewed=renewed)
            head = f"{name}: " if len(plan.parts) > 1 else ""
            found += [replace(each, text=head + each.text) for each in ending]
    return found
