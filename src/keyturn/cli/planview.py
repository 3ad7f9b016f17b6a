"""Draws a plan for people."""

from collections.abc import Callable

from keyturn.bulk.job import Operation, PasswordFrom
from keyturn.bulk.plan import Group, Plan
from keyturn.bulk.screening import Fate
from keyturn.bulk.sitting import Speed
from keyturn.bulk.source import DELIMITERS
from keyturn.cli.running import Desk
from keyturn.core.ports import Probe

_SIGNS = {Fate.CHANGE: "~", Fate.SKIP: "-", Fate.BLOCK: "x"}
_ROOM = 64
"""Columns beside the names, on a terminal of 80."""

_WORDS = {
    "blank": "blank rows",
    "duplicate": "same user twice",
    "protected": "protected",
    "own-account": "the account that is signed in",
}


def draw_plan(
    put: Callable[[str], None], plan: Plan, desk: Desk, probe: Probe | None, speed: Speed, recipients: list[str]
) -> None:
    """Print the plan: where, what, which rows, how fast, and what to know before one says yes."""
    target = desk.target
    place = [part for part in (target.settings.kind, target.settings.url or target.settings.data) if part]
    if target.settings.production:
        place.append("PRODUCTION")
    lines = [desk.frame.strong(f"Plan for {plan.job.operation} on {target.name}  ({', '.join(place)})")]
    account = probe.account if probe is not None else desk.directory.account
    lines += _pair("signed in as", account + ("" if probe is not None else " (offline: not asked)"))
    if probe is not None and probe.expires_in is not None:
        lines += _pair("", f"the sign-in is good for {probe.expires_in / 60:.0f} min")
    source = plan.source
    how = f"{source.encoding}, {DELIMITERS.get(source.delimiter, source.delimiter)}"
    lines += _pair("file", f"{source.path.name}, {_rows(plan.total)}, {how}, sha256 {source.sha256[:8]}...")
    named = [f"{c.header} -> {name}{' (guess)' if c.guess else ''}" for name, c in plan.columns.items()]
    lines += _packed("columns", named)
    if source.matched.ignored:
        lines += _pair("", f"ignored: {', '.join(source.matched.ignored)}")
    if plan.trimmed:
        lines += _pair("", f"blanks around the id were cut off in {_rows(plan.trimmed)}")
    lines.append("")
    lines += [_group(plan, group) for group in plan.groups]
    if not plan.change:
        lines.append("  no user would change")
    lines += ["", *_pair("password", *_passwords(plan, desk, recipients), *_afterwards(desk))]
    lines += _pair("pace", _pace(speed))
    lines += _pair("safety", "stops on refused sign-in, on failures in a row, or on too many failures")
    for line in lines:
        put(line)
    for warning in plan.warnings:
        desk.frame.warn(warning.text, code=warning.code)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _pair(name: str, *texts: str) -> list[str]:
    """A named text; further texts stand below the first."""
    return [f"  {name if number == 0 else '':<13} {text}" for number, text in enumerate(texts)]


def _packed(name: str, parts: list[str]) -> list[str]:
    """A named list on as few lines as fit a terminal of 80 columns."""
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]}   {part}" if lines[-1] else part
        if lines[-1] and len(longer) > _ROOM:
            lines.append(part)
        else:
            lines[-1] = longer
    return _pair(name, *lines)


def _group(plan: Plan, group: Group) -> str:
    sign = "+" if group.fate is Fate.CHANGE and plan.job.operation is Operation.CREATE else _SIGNS[group.fate]
    if group.fate is Fate.CHANGE:
        what = "change the password" if plan.job.old else "set a new password"
        what = "create" if plan.job.operation is Operation.CREATE else what
        return f"  {sign} {group.count:>7,}  {what}"
    words = _WORDS.get(group.reason, group.text if group.fate is Fate.BLOCK else group.reason)
    rows = ", ".join(str(number) for number in group.rows) + (" ..." if group.count > len(group.rows) else "")
    fate = "skipped" if group.fate is Fate.SKIP else "blocked"
    return f"  {sign} {group.count:>7,}  {fate}: {words}   {'row' if group.count == 1 else 'rows'} {rows}"


def _passwords(plan: Plan, desk: Desk, recipients: list[str]) -> list[str]:
    origin, email = plan.job.password.origin, plan.job.email
    made = {
        PasswordFrom.GENERATE: f"made by keyturn, one each, {plan.job.rendering.partition(':')[2]} characters",
        PasswordFrom.COLUMN: f"from the column {plan.job.password.column}",
        PasswordFrom.SAME: "one for all, as given",
        PasswordFrom.TARGET: "made by the target",
    }[origin]
    if plan.job.old:
        made += f", with the present one from the column {plan.job.old}"
    if plan.job.password.known:
        untold = "users know it already" if origin is PasswordFrom.COLUMN else "you tell the users"
        return [f"{made}; {'mailed by the target' if email else untold}"]
    goes = "mailed by the target; what it cannot mail goes into the handout" if email else "into the handout"
    if recipients:
        return [made, f"{goes}, sealed for {', '.join(key[:12] + '...' for key in recipients)}"]
    identity = f"which this machine can open ({desk.machine.identity})"
    return [made, goes, identity, "--handout age:KEY seals it for somebody else"]


def _afterwards(desk: Desk) -> list[str]:
    return ["users must choose their own at the first sign-in"] if desk.directory.capabilities.temporary else []


def _pace(speed: Speed) -> str:
    rate = f", at most {speed.rate:g} requests/s" if speed.rate else ""
    return f"{speed.jobs} in flight{rate}"
