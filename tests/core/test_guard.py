"""How often one address may be wrong: a bucket that fills again, of bounded size, told of once a minute."""

import pytest

from keyturn.core.guard import Guard, place_of


class Watch:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The seconds."""
        return self.now


@pytest.mark.proves("AU-4")
def test_so_many_guesses_a_minute_and_then_one_at_a_time_as_they_come_back() -> None:
    watch = Watch()
    guarding = Guard(6, watch)
    assert [guarding.take("192.0.2.1") for _ in range(6)] == [0.0] * 6
    assert guarding.take("192.0.2.1") == pytest.approx(10.0)
    assert guarding.take("192.0.2.2") == 0.0
    watch.now += 10
    assert [guarding.take("192.0.2.1") for _ in range(2)] == [0.0, pytest.approx(10.0)]
    watch.now += 3600
    assert [guarding.take("192.0.2.1") > 0 for _ in range(7)] == [False] * 6 + [True]


def test_a_right_one_costs_nothing_and_gives_no_more_than_there_were() -> None:
    guarding = Guard(2, Watch())
    for _ in range(10):
        assert guarding.take("192.0.2.1") == 0.0
        guarding.give_back("192.0.2.1")
    guarding.give_back("192.0.2.1")
    guarding.give_back("192.0.2.9")
    assert [guarding.take("192.0.2.1") > 0 for _ in range(3)] == [False, False, True]


def test_without_a_limit_or_an_address_nobody_is_held_up() -> None:
    assert [Guard(0, Watch()).take("192.0.2.1") for _ in range(3)] == [0.0] * 3
    guarding = Guard(1, Watch())
    assert [guarding.take("") for _ in range(3)] == [0.0] * 3


def test_one_site_of_ipv6_is_one_address() -> None:
    guarding = Guard(1, Watch())
    assert guarding.take("2001:db8:1:2::1") == 0.0
    assert guarding.take("2001:db8:1:2:ffff::9%eth0") > 0.0
    assert guarding.take("2001:db8:1:3::1") == 0.0
    assert place_of("::ffff:192.0.2.1") == place_of("192.0.2.1")
    assert place_of("no address") == "no address"


def test_what_is_remembered_is_bounded() -> None:
    guarding = Guard(1, Watch(), sources=3)
    for address in ("a", "b", "c", "d"):
        assert guarding.take(address) == 0.0
    assert [guarding.take(address) > 0 for address in ("d", "c", "b")] == [True] * 3
    assert guarding.take("a") == 0.0, "forgotten first"


def test_that_an_address_is_shut_out_is_told_once_a_minute() -> None:
    watch = Watch()
    guarding = Guard(1, watch)
    assert [guarding.untold("192.0.2.1") for _ in range(3)] == [True, False, False]
    assert guarding.untold("192.0.2.2")
    watch.now += 60
    assert guarding.untold("192.0.2.1")
