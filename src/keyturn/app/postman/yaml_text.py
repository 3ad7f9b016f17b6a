"""Reads YAML as text, lists and mappings, and as nothing else: no scalar is taken for a number, a date or a truth.

PyYAML only cuts the file into events; the values are made here, so that no tag makes an object and no alias a bomb.
"""

from collections.abc import Iterator
from typing import Any, Final

import yaml  # type: ignore[import-untyped]  # it has no types of its own

from keyturn.core.errors import SourceError

DEEPEST: Final = 40
_QUOTE: Final = "put what has {{ }} : # & * ! or % in it into single quotes"


def read_yaml(data: bytes, where: str, code: str) -> object:
    """The one document of a file; an empty mapping for an empty file.

    Raises SourceError with the line, and with nothing of what stands there: it may be a password.
    """
    try:
        return _document(yaml.parse(data.decode("utf-8-sig"), Loader=yaml.BaseLoader))
    except UnicodeDecodeError:
        why = "it is not in UTF-8"
    except yaml.MarkedYAMLError as error:
        why = f"line {error.problem_mark.line + 1} is not YAML"
    except yaml.YAMLError:
        why = "there is a character in it that is none of a text"
    except _Unread as unread:
        why = str(unread)
    raise SourceError("the file cannot be read as YAML", code=code, where=where, why=why, fix=_QUOTE)


class _Unread(ValueError):
    """YAML that means something, and that no collection holds."""

    def __init__(self, event: Any, what: str) -> None:
        super().__init__(f"line {event.start_mark.line + 1} has {what}")


def _document(events: Iterator[Any]) -> object:
    next(events)  # the start of the stream
    first = next(events)
    if isinstance(first, yaml.StreamEndEvent):
        return {}
    value = _value(events, next(events), 0)
    next(events)  # the end of the document
    more = next(events)
    if not isinstance(more, yaml.StreamEndEvent):
        raise _Unread(more, "a second document")
    return value


def _value(events: Iterator[Any], event: Any, depth: int) -> object:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise _Unread(event, "an anchor or an alias")
    if event.tag is not None:
        raise _Unread(event, "a tag")
    if depth > DEEPEST:
        raise _Unread(event, "a value that is nested too deep")
    if isinstance(event, yaml.ScalarEvent):
        return event.value
    if isinstance(event, yaml.SequenceStartEvent):
        return [_value(events, one, depth + 1) for one in _until(events, yaml.SequenceEndEvent)]
    found: dict[str, object] = {}
    for one in _until(events, yaml.MappingEndEvent):
        key = _value(events, one, depth + 1)
        if not isinstance(key, str):
            raise _Unread(one, "a name that is no text")
        if key in found:
            raise _Unread(one, "a name for the second time")
        found[key] = _value(events, next(events), depth + 1)
    return found


def _until(events: Iterator[Any], end: type) -> Iterator[Any]:
    while not isinstance(event := next(events), end):
        yield event
