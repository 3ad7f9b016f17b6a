"""`/help/api`: the OpenAPI documents of all doors and a viewer for them, from this server alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from keyturn.api import pages
from keyturn.api.problems import OF_HTTP, answer
from keyturn.api.routes import wrong_method
from keyturn.http.paths import segment
from keyturn.http.requests import Endpoint, route

ROOT: Final = "/help/api"
VIEWER: Final = "rapidoc-9.3.8.js"
"""The file in `viewer/`; its name changes with its content, so that browsers may keep it."""

_STYLE_OF_VIEWER: Final = "sha256-NolJvpLT1T5e8QBkz4jdiH1sL721JFKC74rleMr1A7w="
"""Of the one style that the viewer writes into the page: the colours of its light theme."""

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    f"style-src '{_STYLE_OF_VIEWER}'; style-src-attr 'unsafe-inline'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
"""Nothing from elsewhere, and no script in a page.  The viewer puts widths and colours into style attributes."""

_KEPT: Final = {"cache-control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, slots=True)
class Manual:
    """A door's document as it is shown.  title: for people; document: the bytes of the OpenAPI document."""

    title: str
    document: bytes


def routes(manuals: Mapping[str, Manual]) -> list[BaseRoute]:
    """The index, a page and a document for each door by its name, and the viewer."""
    shown = {
        VIEWER: Response(files("keyturn.api").joinpath("viewer", VIEWER).read_bytes(), 200, _KEPT, "text/javascript")
    }
    for name, manual in manuals.items():
        shown[f"{name}.json"] = Response(manual.document, media_type="application/json")
        shown[name] = _page(name, manual.title)
    index = _index(manuals)

    async def show_index(request: Request) -> Response:
        """The index."""
        return index

    async def show(request: Request) -> Response:
        """A page, a document or the viewer."""
        return shown.get(segment(request, "page")) or answer(OF_HTTP[404], "there is no such page")

    found: Mapping[str, Endpoint] = {ROOT: show_index, ROOT + "/{page}": show}
    return [route(path, {"GET": endpoint}, wrong_method) for path, endpoint in found.items()]


def _index(manuals: Mapping[str, Manual]) -> Response:
    rows = "\n".join(
        f'<li><a href="{ROOT}/{name}">{escape(manual.title)}</a> (<a href="{ROOT}/{name}.json">OpenAPI 3.1</a>)</li>'
        for name, manual in manuals.items()
    )
    return pages.page("What this server answers", f"<ul>\n{rows}\n</ul>")


def _page(name: str, title: str) -> Response:
    text = f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(title)}</title><script type="module" src="{ROOT}/{VIEWER}"></script></head>
<body>
<rapi-doc spec-url="{ROOT}/{name}.json" theme="light" render-style="focused" schema-style="table" load-fonts="false"
 show-header="false" allow-spec-url-load="false" allow-spec-file-load="false"
 show-method-in-nav-bar="as-colored-text"></rapi-doc>
<noscript><p>The viewer needs JavaScript; the document is <a href="{ROOT}/{name}.json">here</a>.</p></noscript>
</body>
</html>
"""
    return Response(text, 200, {**pages.HEADERS, "content-security-policy": _POLICY}, "text/html; charset=utf-8")
