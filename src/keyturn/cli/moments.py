"""Times on the command line: one that is over, and one that is to come."""

from datetime import UTC, datetime

import click

from keyturn.bulk.planning.moments import moment_of
from keyturn.core.errors import ConfigError


class Moment(click.ParamType[datetime]):
    """A time; without a zone it is one of this machine."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment, with its zone."""
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(str(value)).astimezone()
        except ValueError:
            self.fail(f"{value!r} is not a time, as in 2026-12-01T08:00", param, ctx)


class Since(click.ParamType[datetime]):
    """A moment: `30d` ago, or a date or time as ISO 8601 writes it (UTC where no zone is given)."""

    name = "since"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment in UTC."""
        try:
            return moment_of(str(value), datetime.now(UTC))
        except ConfigError as error:
            self.fail(error.what, param, ctx)
