"""The few plain pages of a mailed link: no script, nothing from elsewhere, readable without style."""

import base64
import hashlib
from html import escape
from typing import Final

from starlette.responses import Response

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


def form(wrong: str = "", *, status: int = 200) -> Response:
    """The form that takes the new password twice; `wrong` names the rule that the last try broke."""
    notice = f'<p class="wrong" role="alert" id="wrong">{escape(wrong)}</p>' if wrong else ""
    described = ' aria-describedby="wrong" aria-invalid="true"' if wrong else ""
    return _page(
        "Set a new password",
        f"""{notice}<form method="post">
<label for="new">New password</label>
<input id="new" name="new" type="password" autocomplete="new-password" required autofocus{described}>
<label for="again">The same again</label>
<input id="again" name="again" type="password" autocomplete="new-password" required>
<button type="submit">Set password</button>
</form>
<p>A phrase of several words is easy to keep. This link works once.</p>""",
        status,
    )


def done() -> Response:
    """What a person sees after the new password was set."""
    return _page("Your password is set", "<p>Sign in with your new password. You can close this page.</p>", 200)


def gone() -> Response:
    """What a person sees whose link was used, is too old, or never was one: all alike."""
    text = "<p>It was used before, or its time is up. Ask those who run your directory for a new one.</p>"
    return _page("This link no longer works", text, 410)


def _page(title: str, body: str, status: int) -> Response:
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
