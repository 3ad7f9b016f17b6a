"""What came of calls, for those who ask later."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from keyturn.core.jobs import LIFE, MOST, Job
from keyturn.store.schema import JOBS
from keyturn.store.values import micros, moment

_J = JOBS.c

PUT: Final = insert(JOBS).returning(_J.number)
FIND: Final = select(JOBS).where(_J.number == bindparam("wanted"))
FORGET: Final = delete(JOBS).where(_J.at <= bindparam("since"))
NEWEST: Final = (
    select(_J.number)
    .where(_J.tenant == bindparam("of"), _J.owner == bindparam("by"))
    .order_by(_J.number.desc())
    .limit(MOST)
)
CROWD_OUT: Final = delete(JOBS).where(
    _J.tenant == bindparam("of"), _J.owner == bindparam("by"), _J.number.not_in(NEWEST.scalar_subquery())
)
LARGEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class SqlJobs:
    """What came of calls, kept for a day and at most so many a caller."""

    connection: Connection

    def put(self, job: Job) -> int:
        """Keep one; answers its number.  What is over its time, or one too many of the same owner, is forgotten."""
        row = {"tenant": job.tenant, "owner": job.owner, "result": job.result, "at": micros(job.at)}
        number = self.connection.execute(PUT, row).scalar_one()
        self.connection.execute(FORGET, {"since": micros(job.at - LIFE)})
        self.connection.execute(CROWD_OUT, {"of": job.tenant, "by": job.owner})
        return int(number)

    def find(self, number: int) -> Job | None:
        """The job of this number, whoever's it is."""
        if not 0 < number <= LARGEST:
            return None
        row = self.connection.execute(FIND, {"wanted": number}).one_or_none()
        return None if row is None else Job(row.tenant, row.owner, row.result, moment(row.at))
