"""What can break.  A refusal is not here: refusals are values (`keyturn.core.outcomes.Refused`).

KeyturnError
├── ConfigError          the settings or the command line are wrong; nothing was done
├── KeyFolderError       the key folder is missing, damaged or readable by others
├── SourceError          the file of a run was refused; nothing was sent
├── PlanError            the plan needs an answer or no longer fits; nothing was sent
├── RunError             a run cannot go on (no such run, held by another, stopped by a brake)
├── Unreachable          a target or a relay cannot be reached or is not trusted
│   └── Slowed           a target is busy, or asks us to come later
├── BadAnswer            a target answered something that no reader can accept
├── Busy                 the directory has too much to do just now; try again later
└── StoreError           the database refused, is full, or is not ours
    └── Conflict         another writer took a unique value first
"""


class KeyturnError(Exception):
    """Something broke; the text says what happened, the code where to read on.

    code: the id that `keyturn explain` knows, such as `KT-IN-007`.
    where, why, fix: one line each, empty when there is nothing to say.
    """

    code = "KT-RUN-001"

    def __init__(self, what: str, *, code: str = "", where: str = "", why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.code = code or type(self).code
        self.where = where
        self.why = why
        self.fix = fix


class ConfigError(KeyturnError):
    """The settings or the command line are wrong."""

    code = "KT-CFG-001"


class KeyFolderError(ConfigError):
    """The key folder is missing, damaged or readable by others."""

    code = "KT-CFG-010"


class SourceError(KeyturnError):
    """The file of a run was refused."""

    code = "KT-IN-001"


class PlanError(KeyturnError):
    """The plan needs an answer or no longer fits what was confirmed."""

    code = "KT-RUN-020"


class RunError(KeyturnError):
    """A run cannot go on."""

    code = "KT-RUN-001"


class Unreachable(KeyturnError):
    """A target or a relay cannot be reached, or its certificate is not trusted."""

    code = "KT-NET-001"


class Slowed(Unreachable):
    """A target is busy, or asks us to come later.  retry_after: in so many seconds, where it says when."""

    def __init__(self, what: str, *, retry_after: float | None = None) -> None:
        super().__init__(what)
        self.retry_after = retry_after


class BadAnswer(KeyturnError):
    """A target answered something that no reader can accept."""

    code = "KT-TGT-001"


class Busy(KeyturnError):
    """The directory has too much to do just now."""

    code = "KT-SRV-003"


class StoreError(KeyturnError):
    """The database refused, is full, or is not ours."""

    code = "KT-SRV-010"


class Conflict(StoreError):
    """Another writer took a unique value first."""

    code = "KT-SRV-011"
