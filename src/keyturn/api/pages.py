"""The few plain pages for people with a mailed link or a one-time password: no script, nothing from elsewhere."""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Final
from urllib.parse import parse_qsl

from starlette.responses import Response

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


DIFFERENT: Final = "The two new passwords are not the same."


def form(wrong: str = "", *, status: int = 200, session: Secret | None = None) -> Response:
    """The form that takes the new password twice; `wrong` names the rule that the last try broke.

    session: a token that the next try carries along, for people who came without a link.
    """
    carried = f'<input type="hidden" name="session" value="{escape(session.reveal())}">' if session else ""
    return page(
        "Set a new password",
        f"""{_notice(wrong)}<form method="post">{carried}
{_new_twice(wrong)}
</form>
<p>A phrase of several words is easy to keep.</p>""",
        status,
    )


def welcome(wrong: str = "", *, status: int = 200) -> Response:
    """The form for people with a one-time password: name, that password, and their own twice."""
    return page(
        "Set your own password",
        f"""{_notice(wrong)}<form method="post">
<label for="login">Sign-in name</label>
<input id="login" name="login" autocomplete="username" required autofocus>
<label for="present">One-time or present password</label>
<input id="present" name="present" type="password" autocomplete="current-password" required>
{_new_twice(wrong)}
</form>
<p>A phrase of several words is easy to keep.</p>""",
        status,
    )


def read_form(body: bytes) -> Mapping[str, Secret]:
    """The fields of a form that was sent; each may be a secret.  Raises BadRequest when it is no form, or a field is
    there twice."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        raise BadRequest("The form could not be read; fill it in again.") from None
    fields = {name: Secret(value) for name, value in pairs}
    if len(fields) != len(pairs):
        raise BadRequest("A field of the form is there twice.")
    return fields


def sentence(text: str) -> str:
    """A refusal's text as a sentence for people."""
    return f"{text[:1].upper()}{text[1:]}." if text else "This password was refused."


def _notice(wrong: str) -> str:
    return f'<p class="wrong" role="alert" id="wrong">{escape(wrong)}</p>' if wrong else ""


def _new_twice(wrong: str) -> str:
    described = ' aria-describedby="wrong" aria-invalid="true"' if wrong else ""
    return f"""<label for="new">New password</label>
<input id="new" name="new" type="password" autocomplete="new-password" required{described}>
<label for="again">The same again</label>
<input id="again" name="again" type="password" autocomplete="new-password" required>
<button type="submit">Set password</button>"""


def done() -> Response:
    """What a person sees after the new password was set."""
    return page("Your password is set", "<p>Sign in with your new password. You can close this page.</p>", 200)


def gone() -> Response:
    """What a person sees whose link was used, is too old, or never was one: all alike."""
    text = "<p>It was used before, or its time is up. Ask those who run your directory for a new one.</p>"
    return page("This link no longer works", text, 410)


def page(title: str, body: str, status: int = 200) -> Response:
    """A page with nothing but text, links and forms."""
    text = f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(title)}</title><style>{STYLE}</style></head>
<body><main><h1>{escape(title)}</h1>
{body}
</main></body>
</html>
"""
    return Response(text, status, HEADERS, "text/html; charset=utf-8")
