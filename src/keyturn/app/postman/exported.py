"""The collection of a door, by the kind of its targets."""

from keyturn.app.doors import DOORS
from keyturn.core.errors import ConfigError
from keyturn.dialects.postman.wire_export import Exported, export


def exported(kind: str, url: str) -> Exported:
    """Everything that our server answers in a vendor's words.  Raises ConfigError for a kind that there is not."""
    if kind not in DOORS:
        raise ConfigError(f"nobody here answers {kind!r}", code="KT-CFG-008", where="--kind", fix=", ".join(DOORS))
    return export(DOORS[kind].api, url.rstrip("/"))
