"""Which hosts are this very machine."""

from keyturn.core.hosts import is_loopback


def test_only_its_own_names_and_numbers_are_this_machine() -> None:
    """What is sent to them in clear crosses no network."""
    ours = ("localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1")
    assert [host for host in ours if not is_loopback(host)] == []
    assert [host for host in ("", "127.0.0.1.example.com", "0.0.0.0", "192.168.1.1") if is_loopback(host)] == []
