"""Which targets a file goes to: the one that is named, or those in its column of targets."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyturn.bulk.intake.columns import TARGET
from keyturn.bulk.intake.source import Source
from keyturn.bulk.planning.screening import target_of
from keyturn.core.errors import SourceError

if TYPE_CHECKING:
    from keyturn.cli.desk.flags import Asked
    from keyturn.cli.frame import Frame

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """Targets by name, in the order of their first rows.  default: where rows go that name none; may be empty."""

    names: tuple[str, ...]
    default: str


def wanted(frame: "Frame", source: Source, asked: "Asked") -> Wanted:
    """The targets of a file.  `-t` says one; where the file has a column of targets that one stands for empty cells.

    Raises ConfigError when `-t` names no target, SourceError when no row goes anywhere.
    """
    if asked.played is not None:
        return Wanted((asked.played.target.name,), asked.played.target.name)
    target = asked.target
    if TARGET not in source.matched.columns:
        name, _ = frame.settings.target(target)
        return Wanted((name,), name)
    if target:
        frame.settings.target(target)
    found = dict.fromkeys(target_of(row, target) for row in source.rows() if row.record)
    known = tuple(name for name in found if name in frame.settings.targets)
    if not known:
        header = source.matched.columns[TARGET].header
        raise SourceError(
            f"no row of {source.path.name} names a target",
            code="KT-IN-016",
            where=f'column "{header}":  ' + (" | ".join(filter(None, list(found)[:MOST_SHOWN])) or "empty"),
            why=f"targets that are configured: {', '.join(sorted(frame.settings.targets)) or 'none yet'}",
            fix="keyturn target list shows the names; a column that means something else needs another header",
        )
    return Wanted(known, target)
