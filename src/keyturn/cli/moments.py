"""A time on the command line."""

from datetime import datetime

import click


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
