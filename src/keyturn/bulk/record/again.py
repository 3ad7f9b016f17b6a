"""Reads the file of a run again, as it was read when the run was confirmed."""

from keyturn.bulk.intake.columns import TARGET
from keyturn.bulk.intake.content import OnDisk
from keyturn.bulk.intake.encodings import bytes_of
from keyturn.bulk.intake.source import Source, read_source
from keyturn.bulk.record.facts import Facts, same_file


def read_again(facts: Facts) -> Source:
    """The same file, read in the same way.  Raises SourceError when it is gone or another one."""
    same_file(facts, bytes_of(OnDisk(facts.file)).sha256)
    source = read_source(facts.file, facts.reading)
    # A run of the first format knew no such column.
    return source if TARGET in facts.reading.columns else source.without(TARGET)
