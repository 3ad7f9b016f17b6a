"""A collection of schema v3, made by hand as the vendor's own page describes one, and the same as v2.1.

Source: `skills/collection-schema-v3` of https://github.com/postmanlabs/postman-plugin, read 2026-11-29.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.dialects.postman.kit import TOKEN, collection, item

DEFINITION: Final = """\
$kind: collection
name: MAS API
variables:
  - key: base_url
    value: 'https://mas.example.com'
  - key: old
    value: gone
    disabled: true
auth:
  type: apikey
  credentials:
    - key: key
      value: x-access-token
    - key: value
      value: '{{token}}'
    - key: in
      value: header
"""

RESET: Final = """\
$kind: http-request
method: POST
url: '{{base_url}}/v3/users/:id/password'
order: 2000
headers:
  - key: Accept
    value: application/json
  - key: X-Debug
    value: 'yes'
    disabled: true
queryParams:
  - key: emailPassword
    value: 'true'
  - key: validate
    value: 'true'
    disabled: true
pathVariables:
  - key: id
    value: '{{userid}}'
body:
  type: json
  content: |-
    {"token": "{{start}}"}
scripts:
  - type: afterResponse
    language: text/javascript
    code: |-
      pm.test("Status code is 200", function () {
        pm.response.to.have.status(200);
      });
"""

GRANT: Final = """\
$kind: http-request
name: 'Grant: {{userid}}'
method: PUT
url: '{{base_url}}/grants/{{userid}}?x=1&dry=true'
order: 1000
queryParams:
  dry: 007
body: {type: urlencoded, content: {role: 'reader', who: '{{userid}}'}}
auth: {type: noauth}
"""

FILES: Final[Mapping[str, str]] = {
    ".resources/definition.yaml": DEFINITION,
    "Reset a password.request.yaml": RESET,
    "Reset a password.resources/examples/200.example.yaml": "$kind: http-example\nresponse: {body: {}}\n",
    "Rights/.resources/definition.yaml": "$kind: collection\norder: 1000\n",
    "Rights/Grant-userid.request.yaml": GRANT,
}

ENVIRONMENT: Final = f"""\
name: Test
values:
  - key: token
    value: '{TOKEN}'
    enabled: true
    type: secret
  - key: base_url
    value: 'https://other.example.com'
    enabled: false
"""

FLAT: Final[Mapping[str, Any]] = collection(
    {
        "name": "Rights",
        "item": [
            item(
                "PUT",
                {"raw": "{{base_url}}/grants/{{userid}}?x=1&dry=007"},
                name="Grant: {{userid}}",
                header=[],
                auth={"type": "noauth"},
                body={
                    "mode": "urlencoded",
                    "urlencoded": [{"key": "role", "value": "reader"}, {"key": "who", "value": "{{userid}}"}],
                },
            )
        ],
    },
    item(
        "POST",
        "{{base_url}}/v3/users/{{userid}}/password?emailPassword=true",
        '{"token": "{{start}}"}',
        name="Reset a password",
        header=[{"key": "Accept", "value": "application/json"}],
    ),
    variable=[{"key": "base_url", "value": "https://mas.example.com"}],
    auth={
        "type": "apikey",
        "apikey": [
            {"key": "key", "value": "x-access-token"},
            {"key": "value", "value": "{{token}}"},
            {"key": "in", "value": "header"},
        ],
    },
)
"""The same collection, exported."""


def lay_out(folder: Path, files: Mapping[str, str | bytes] = FILES) -> Path:
    """The files of a collection in a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder
