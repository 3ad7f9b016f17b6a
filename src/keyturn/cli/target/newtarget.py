"""What `keyturn target add` asks: the settings that a kind of target needs and no flag has said."""

import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from keyturn.app.asking import FLAGS, SECRET, Form, Question
from keyturn.app.config.config_file import as_target
from keyturn.app.config.sections_target import VERSION
from keyturn.app.target.targets import check, form_of, kinds
from keyturn.cli.frame import Frame
from keyturn.core.errors import ConfigError

PLACES: Final = ("keyring", "env", "file", "command", "credential")
LOGINS: Final = ("key_id", "username")
TEXTS: Final = (
    "url", "data", "key_id", "username", "tenant", "version", "manage_url", "ca_bundle", "certificate",
    "certificate_key",
)  # fmt: skip
"""What a target may have, as it is typed."""


def described(frame: Frame, flags: Mapping[str, Any]) -> dict[str, Any]:
    """The target that the flags and the answers describe.  Raises ConfigError for what its kind does not take."""
    kind = flags["kind"] or _kind(frame)
    form = form_of(kind)
    _refuse_alien(kind, form, flags)
    if not re.fullmatch(VERSION, flags["version"] or ""):
        text, fix = f"{flags['version']!r} is no version", "numbers with dots, as in 9.1 or 9.1.3"
        raise ConfigError(text, code="KT-CFG-002", where="--version", fix=fix)
    table: dict[str, Any] = {"kind": kind} | {field: flags[field] for field in TEXTS if flags[field]}
    table |= {"manage_key": {"file": flags["manage_key_file"]}} if flags["manage_key_file"] else {}
    if flags["data"]:
        _refuse_no_directory(flags["data"])
    secret = placed = _secret(flags)
    for question in form.questions:
        if question.setting == SECRET:
            secret = placed or _ask_place(frame, question)
        elif question.setting not in table and _is_asked(frame, question, flags):
            answer = _ask(frame, question, flags)
            table |= {question.setting: answer} if answer else {}
    if secret is not None:
        table["password" if table.get("username") else "token"] = secret
    return table


def _kind(frame: Frame) -> str:
    known = kinds()
    for kind, title in known.items():
        frame.say(f"  {kind:<10} {title}")
    return _until(
        lambda: frame.ask("Kind of server?", otherwise="say --kind " + "|".join(known)).strip(),
        lambda kind: "" if kind in known else f"one of {', '.join(known)}",
        frame,
    )


def _until(ask: Callable[[], str], fault: Callable[[str], str], frame: Frame) -> str:
    """Ask until the answer has no fault; a slip of the finger does not cost what was answered before."""
    while why := fault(answer := ask()):
        frame.say(f"  {why}")
    return answer


def _refuse_alien(kind: str, form: Form, flags: Mapping[str, Any]) -> None:
    """What would be written down and never read is refused, above all a login of the wrong sort."""
    given = [(setting, FLAGS[setting]) for setting in ("url", "data", *LOGINS) if flags[setting]]
    given += [(SECRET, f"--token-{how}") for how in PLACES if flags[f"token_{how}"]]
    for setting, flag in given:
        if not form.takes(setting):
            fix = f"it takes {form.wanted(setting)}"
            raise ConfigError(f"a target of kind {kind} takes no {flag}", code="KT-CFG-002", fix=fix)


def _is_asked(frame: Frame, question: Question, flags: Mapping[str, Any]) -> bool:
    """False for what may be left out where nobody is there, or where flags say already how to sign in."""
    if not question.empty:
        return True
    by_flag = any(flags[login] for login in LOGINS) or _secret(flags) is not None
    return frame.may_ask and not (question.setting in LOGINS and by_flag)


def _ask(frame: Frame, question: Question, flags: Mapping[str, Any]) -> str:
    default = "" if question.empty else None
    say = f"say {FLAGS[question.setting]}"
    return _until(
        lambda: frame.ask(str(question), default=default, otherwise=say).strip(),
        lambda answer: _fault(question, answer, flags),
        frame,
    )


def _fault(question: Question, answer: str, flags: Mapping[str, Any]) -> str:
    """Why an answer will not do, in words; empty when it will."""
    if not answer:
        return "" if question.empty else f"an answer is needed, as in {question.example}"
    try:
        if question.setting == "url":
            plain = flags["allow_plain_http"]
            kind = next(iter(kinds()))
            check("new", as_target({"kind": kind, "url": answer, "allow_plain_http": plain}), Path())
        elif question.setting == "data":
            _refuse_no_directory(answer)
    except ConfigError as error:
        of_its_kind = f"as in {question.example}"
        return f"{error.what}; {of_its_kind if error.fix.startswith('as in') else error.fix}"
    return ""


def _refuse_no_directory(data: str) -> None:
    from keyturn.app.house.build import KEYS  # brings the database along, which other kinds need not wait for

    folder = Path(data).expanduser().absolute()
    if not (folder / KEYS).is_dir():
        fix = f"keyturn init --data {folder}   makes one"
        raise ConfigError("there is no directory there", code="KT-CFG-023", where=str(folder), fix=fix)


def _ask_place(frame: Frame, question: Question) -> dict[str, Any] | None:
    words = f"{question.words}?  keyring, env NAME, file PATH or command LINE, as in {question.example}:"
    where = _until(
        lambda: frame.ask(words, otherwise="say --token-env VAR, --token-file FILE or --token-command COMMAND").strip(),
        lambda answer: _no_place(answer, question.example),
        frame,
    )
    how, _, rest = where.partition(" ")
    return _secret({f"token_{how}": rest.strip() or True})


def _no_place(answer: str, example: str) -> str:
    how, _, rest = answer.partition(" ")
    fits = how in PLACES and bool(rest.strip()) == (how != "keyring")
    return "" if fits else f"as in  {example}  ; never the secret itself"


def _secret(flags: Mapping[str, Any]) -> dict[str, Any] | None:
    """The inline table that says where the secret is; None when no flag does."""
    given = [how for how in PLACES if flags.get(f"token_{how}")]
    if len(given) > 1:
        raise ConfigError("the secret can only be in one place", code="KT-CFG-002", fix=f"leave --token-{given[1]} out")
    if not given:
        return None
    value = flags[f"token_{given[0]}"]
    return {given[0]: shlex.split(value) if given[0] == "command" else value}
