"""Reads the file of a run again, as it was read when the run was confirmed."""

from collections.abc import Callable

from keyturn.bulk.intake.columns import TARGET
from keyturn.bulk.intake.content import Content, OnDisk
from keyturn.bulk.intake.encodings import bytes_of
from keyturn.bulk.intake.source import Source, read_source
from keyturn.bulk.ports import RunKeys
from keyturn.bulk.record.facts import KEY, PIPED_INPUT, Facts, same_file
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.piped import open_input


def read_again(facts: Facts, folder: RunFolder, keys: Callable[[str], RunKeys]) -> Source:
    """The same file, read in the same way.  keys: opens the key of the run, which only piped input needs.

    Raises SourceError when the file is gone or another one, StoreError when what was piped in is not there any more,
    RunError when the run is closed and its key deleted.
    """
    content: Content = OnDisk(facts.file)
    if facts[PIPED_INPUT]:
        content = open_input(folder.piped, keys(facts[KEY]))
    same_file(facts, bytes_of(content).sha256)
    source = read_source(content, facts.reading)
    # A run of the first format knew no such column.
    return source if TARGET in facts.reading.columns else source.without(TARGET)
