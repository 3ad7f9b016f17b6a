"""The plain shapes of Hybrid Data Pipeline's JSON: texts, numbers, objects, and errors.  Pure."""

from collections.abc import Mapping
from typing import Final, TypeAlias

Body: TypeAlias = dict[str, object]

USERS: Final = ("api", "admin", "users")
"""Where users are."""


class Unreadable(ValueError):
    """A body that does not say what the vendor's page says it says; the text names the field, never its value."""


def text_of(body: Mapping[str, object], name: str, default: str = "") -> str:
    """A text; absent is the default, null is empty.  Raises Unreadable."""
    value = body.get(name, default)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"{name} must be a text")
    return value


def object_of(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    """An object; absent and null are empty.  Raises Unreadable."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Unreadable(f"{name} must be an object")
    return value


def whole_of(body: Mapping[str, object], name: str, default: int) -> int:
    """A whole number; absent and null are the default.  Raises Unreadable."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unreadable(f"{name} must be a whole number")
    return value


def number_text(value: object) -> str:
    """The id of an answer as the number is written; empty when it is none.  `007` is no number."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    return value if isinstance(value, str) and is_number(value) else ""


def is_number(text: str) -> bool:
    """Whether a text is a number as the vendor writes its ids: digits, no zero in front."""
    return text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0"))


def error_body(code: str, text: str) -> Body:
    """The envelope that the vendor's page prints."""
    return {"error": {"code": int(code), "message": {"lang": "en-US", "value": text}}}


def read_error(value: object) -> tuple[str, str]:
    """Code and sentence of an error; both empty when it is none."""
    error = value.get("error") if isinstance(value, Mapping) else None
    if not isinstance(error, Mapping):
        return "", ""
    code, message = error.get("code"), error.get("message")
    said = message.get("value") if isinstance(message, Mapping) else message
    return (
        str(code) if isinstance(code, int | str) and not isinstance(code, bool) else "",
        said if isinstance(said, str) else "",
    )
