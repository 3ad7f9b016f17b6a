"""Reaches the directory of a target, loading what a local one stands on only for a local one."""

from keyturn.app.targets import LOCAL, Target
from keyturn.core.ports import Directory


def reach(target: Target) -> Directory:
    """The directory behind a target; no request has been sent yet."""
    if target.settings.kind != LOCAL:
        return target.connect()
    from keyturn.app.local_target import connect

    return connect(target)
