"""A moment as a flag takes it."""

from datetime import UTC, datetime

import click

from keyturn.bulk.planning.moments import moment_of
from keyturn.core.errors import ConfigError


class Since(click.ParamType[datetime]):
    """A moment: `30d` ago, or a date or time as ISO 8601 writes it (UTC where no zone is given)."""

    name = "since"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment in UTC."""
        try:
            return moment_of(str(value), datetime.now(UTC))
        except ConfigError as error:
            self.fail(error.what, param, ctx)
