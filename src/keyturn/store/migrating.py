"""Makes an empty database ours, or brings an older one up to date, without an ini file and without asking."""

from pathlib import Path
from typing import Any, Final

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import text

from keyturn.store.database import connect
from keyturn.store.schema import METADATA

FOLDER: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x6B657974
"""One number that every keyturn knows, so that servers which start together do not migrate together."""


def migrate(database: str | Path) -> None:
    """Bring the database at a path or a URL to this version; doing it twice does no harm."""
    script = ScriptDirectory(str(FOLDER))
    opened = connect(database, create=True)
    try:
        with opened.changing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            with EnvironmentContext(Config(), script, fn=lambda found, _: _steps(script, found)) as environment:
                environment.configure(connection=connection, target_metadata=METADATA)
                environment.run_migrations()
    finally:
        opened.close()


def _steps(script: ScriptDirectory, found: Any) -> list[RevisionStep]:
    """The way from the revision that is there to the newest; Alembic documents no other call for it."""
    return list(script._upgrade_revs("head", found))
