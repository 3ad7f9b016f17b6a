"""What mail tests share: a house of real parts on each database, and an SMTP server that keeps what it gets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from keyturn.core.storage import Store
from tests.support.house import House, make_house
from tests.support.mailsink import MailSink


@pytest.fixture
def house(store: Store, tmp_path: Path) -> House:
    """A directory of real parts."""
    return make_house(store, tmp_path)


@pytest.fixture
def amal(house: House) -> House:
    """A house in which Amal lives, with an address."""
    house.add("amal", mail="amal@example.org")
    return house


@pytest.fixture
def sink() -> Iterator[MailSink]:
    """A relay on this machine, without encryption."""
    with MailSink() as sink:
        yield sink
