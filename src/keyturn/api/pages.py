"""The few plain pages for people with a mailed link or a one-time password: no script, nothing from elsewhere."""

import base64
import hashlib
import re
from collections.abc import Mapping
from html import escape
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from keyturn.core.languages import ENGLISH, Languages, Words, accepted, marked
from keyturn.core.outcomes import Reason, Refused
from keyturn.core.secret import Secret
from keyturn.http.json import BadRequest

STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem;color:#1b1b1b;"
    "background:#fff}label{display:block;margin:1rem 0 .25rem}input{font:inherit;width:100%;box-sizing:border-box;"
    "padding:.5rem;border:1px solid #767676}button{font:inherit;margin-top:1.5rem;padding:.5rem 1rem}"
    ".wrong{border-left:.25rem solid #a4001d;padding-left:.75rem}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS: Final = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}


DIFFERENT: Final = marked("The two new passwords are not the same.")
UNREADABLE: Final = marked("The form could not be read; fill it in again.")
TWICE: Final = marked("A field of the form is there twice.")

_RULES: Final[Mapping[Reason, str]] = {
    Reason.TOO_SHORT: marked("This password is too short: it takes at least %(number)s characters."),
    Reason.TOO_LONG: marked("This password is too long: it takes at most %(number)s characters."),
    Reason.TOO_COMMON: marked("This password is one that attackers try first. Choose one that nobody else would."),
    Reason.UNUSABLE_CHARACTER: marked("This password is empty or holds a character that cannot be typed everywhere."),
    Reason.SAME_PASSWORD: marked("This is the password that you were given. Choose another."),
    Reason.WRONG_PASSWORD: marked("The present password is not right."),
}
"""What is said of a refusal in a language that the directory's own words are not in."""

ENGLISH_ALONE: Final = Languages({})


def words_for(request: Request, languages: Languages) -> Words:
    """The words for a page: of the language that the link names, else of one that the browser likes."""
    given = request.query_params.get("lang", "")
    return languages.words(given, accepted(request.headers.get("accept-language", "")))


def form(words: Words, wrong: str = "", *, status: int = 200, session: Secret | None = None) -> Response:
    """The form that takes the new password twice; `wrong` names the rule that the last try broke.

    session: a token that the next try carries along, for people who came without a link.
    """
    carried = f'<input type="hidden" name="session" value="{escape(session.reveal())}">' if session else ""
    return page(
        words("Set a new password"),
        f"""{_notice(wrong)}<form method="post">{carried}
{_new_twice(words, wrong)}
</form>
<p>{words("A phrase of several words is easy to keep.")}</p>""",
        status,
        words.tag,
    )


def welcome(words: Words, wrong: str = "", *, status: int = 200) -> Response:
    """The form for people with a one-time password: name, that password, and their own twice."""
    return page(
        words("Set your own password"),
        f"""{_notice(wrong)}<form method="post">
<label for="login">{words("Sign-in name")}</label>
<input id="login" name="login" autocomplete="username" required autofocus>
<label for="present">{words("One-time or present password")}</label>
<input id="present" name="present" type="password" autocomplete="current-password" required>
{_new_twice(words, wrong)}
</form>
<p>{words("A phrase of several words is easy to keep.")}</p>""",
        status,
        words.tag,
    )


def read_form(body: bytes) -> Mapping[str, Secret]:
    """The fields of a form that was sent; each may be a secret.  Raises BadRequest when it is no form, or a field is
    there twice."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        raise BadRequest(UNREADABLE) from None
    fields = {name: Secret(value) for name, value in pairs}
    if len(fields) != len(pairs):
        raise BadRequest(TWICE)
    return fields


def sentence(words: Words, refused: Refused) -> str:
    """A refusal as a sentence for people: in English the directory's own, which is the most exact."""
    text = refused.text
    if words.tag == ENGLISH:
        return f"{text[:1].upper()}{text[1:]}." if text else "This password was refused."
    number = re.search(r"\d+", text)
    rule = _RULES.get(refused.reason, "")
    if not rule or ("%(number)s" in rule and number is None):
        return words("This password was refused.")
    return words(rule) % {"number": number[0] if number else ""}


def _notice(wrong: str) -> str:
    return f'<p class="wrong" role="alert" id="wrong">{escape(wrong)}</p>' if wrong else ""


def _new_twice(words: Words, wrong: str) -> str:
    described = ' aria-describedby="wrong" aria-invalid="true"' if wrong else ""
    return f"""<label for="new">{words("New password")}</label>
<input id="new" name="new" type="password" autocomplete="new-password" required{described}>
<label for="again">{words("The same again")}</label>
<input id="again" name="again" type="password" autocomplete="new-password" required>
<button type="submit">{words("Set password")}</button>"""


def done(words: Words) -> Response:
    """What a person sees after the new password was set."""
    text = words("Sign in with your new password. You can close this page.")
    return page(words("Your password is set"), f"<p>{text}</p>", 200, words.tag)


def gone(words: Words) -> Response:
    """What a person sees whose link was used, is too old, or never was one: all alike."""
    text = words("It was used before, or its time is up. Ask those who run your directory for a new one.")
    return page(words("This link no longer works"), f"<p>{text}</p>", 410, words.tag)


def page(title: str, body: str, status: int = 200, language: str = ENGLISH) -> Response:
    """A page with nothing but text, links and forms."""
    text = f"""<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(title)}</title><style>{STYLE}</style></head>
<body><main><h1>{escape(title)}</h1>
{body}
</main></body>
</html>
"""
    return Response(text, status, {**HEADERS, "content-language": language}, "text/html; charset=utf-8")
