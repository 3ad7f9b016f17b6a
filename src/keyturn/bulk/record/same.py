"""Keeps the one password for all with its run, sealed under the run's key, so that a resume sends the same one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from keyturn.bulk.job import Job
from keyturn.bulk.ports import RunKeys
from keyturn.core.secret import Secret

SAME: Final = "same"
"""The fact of a journal that holds it, sealed: with the key of the run it is gone."""

VARIABLES: Final = "recipe_variables"
"""The fact that holds what the command line said of variables of a collection, sealed; it may be secret, too."""

_LABEL: Final = "keyturn same password"


def sealed(job: Job, keys: RunKeys) -> dict[str, str]:
    """The fact to be noted when the run begins; none where each user gets a password of their own."""
    value = job.password.value
    return {} if value is None else {SAME: keys.seal(value.reveal().encode(), _LABEL).hex()}


def opened(job: Job, facts: Mapping[str, str], keys: RunKeys) -> Job:
    """The order of a run with its one password, where it has one.  Raises KeyFolderError for another run's."""
    kept = facts.get(SAME, "")
    if not kept:
        return job
    value = Secret(keys.open(bytes.fromhex(kept), _LABEL).decode())
    return replace(job, password=replace(job.password, value=value))
