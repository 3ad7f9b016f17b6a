"""Verifiers: slow and keyed for passwords, fast and keyed for one-time secrets."""

import re
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.core.credentials import Verifier
from keyturn.core.errors import Busy, ConfigError, KeyFolderError
from keyturn.core.secret import Secret
from keyturn.crypto.hashing import CHEAP, FLOOR, Cost, FolderHasher
from keyturn.crypto.keyfolder import KeyFolder, Label, add_key, create_key_folder
from keyturn.crypto.minting import FolderMinter

PASSWORD = Secret("a quiet harbour at dawn")


@pytest.fixture
def hasher(folder: KeyFolder) -> Iterator[FolderHasher]:
    """A cheap hasher of two threads."""
    hasher = FolderHasher.cheap_for_tests(folder)
    yield hasher
    hasher.close()


def test_a_password_is_stored_as_argon2id_at_the_floor_by_default(folder: KeyFolder) -> None:
    hasher = FolderHasher(folder)
    [verifier] = hasher.hash([PASSWORD])
    assert verifier.text.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verifier.pepper_id == folder.active(Label.PEPPER).id
    assert hasher.check(PASSWORD, verifier).right
    assert not hasher.check(PASSWORD, verifier).stale
    hasher.close()


@pytest.mark.proves("ST-1")
def test_every_stored_password_has_the_parameters_of_the_floor_and_a_salt_of_its_own(folder: KeyFolder) -> None:
    hasher = FolderHasher(folder)
    stored = [verifier.text for verifier in hasher.hash([PASSWORD] * 60)]
    hasher.close()
    parts = [re.fullmatch(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=1\$([\w+/]{22})\$[\w+/]{43}", text) for text in stored]
    found = [part.groups() for part in parts if part is not None]
    assert {(int(memory) >= 19_456, int(passes) >= 2) for memory, passes, _ in found} == {(True, True)}
    assert len({salt for *_, salt in found}) == len(stored) == 60


@pytest.mark.proves("ST-1")
@pytest.mark.parametrize("cost", [CHEAP, Cost(19_455, 2), Cost(19_456, 1), Cost(7_168, 5)])
def test_weaker_parameters_than_the_floor_are_refused_at_start(folder: KeyFolder, cost: Cost) -> None:
    with pytest.raises(ConfigError, match="too weak"):
        FolderHasher(folder, cost)


def test_the_second_choice_of_owasp_is_strong_enough(folder: KeyFolder) -> None:
    FolderHasher(folder, Cost(47_104, 1)).close()


def test_a_wrong_password_is_wrong(hasher: FolderHasher) -> None:
    [verifier] = hasher.hash([PASSWORD])
    assert not hasher.check(Secret("a quiet harbour at dusk"), verifier).right


def test_equal_passwords_have_different_verifiers(hasher: FolderHasher) -> None:
    first, second = hasher.hash([PASSWORD, PASSWORD])
    assert first.text != second.text


def test_a_batch_keeps_its_order_and_may_be_far_larger_than_the_queue(folder: KeyFolder) -> None:
    hasher = FolderHasher.cheap_for_tests(folder, queue=2)
    passwords = [Secret(f"password number {number}") for number in range(200)]
    verifiers = hasher.hash(passwords)
    assert all(hasher.check(*pair).right for pair in zip(passwords, verifiers, strict=True))
    hasher.close()


def test_an_empty_batch_is_no_work(hasher: FolderHasher) -> None:
    assert hasher.hash([]) == []


def test_a_full_queue_is_busy_and_free_again_later(folder: KeyFolder) -> None:
    """Two threads and a queue of one: of many callers at once some are turned away, and none waits for ever."""
    hasher = FolderHasher(folder, threads=1, queue=1)
    gate, turned_away = threading.Barrier(12), []

    def call() -> None:
        gate.wait()
        try:
            hasher.check(PASSWORD, None)
        except Busy as busy:
            turned_away.append(busy)

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(turned_away) <= 10
    assert not hasher.check(PASSWORD, None).right
    hasher.close()


def test_nobody_costs_a_real_comparison(hasher: FolderHasher, folder: KeyFolder) -> None:
    """The verifier of nobody is well formed, of today's parameters, and matches nothing."""
    assert not hasher.check(PASSWORD, None).right
    assert re.fullmatch(r"\$argon2id\$v=19\$m=8,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}", hasher._dummy)


@pytest.mark.parametrize("text", ["", "plain", "$pbkdf2$x", "$argon2id$v=19$m=8"])
def test_an_unknown_kind_of_verifier_matches_nothing(hasher: FolderHasher, text: str) -> None:
    check = hasher.check(PASSWORD, Verifier(text, "whatever"))
    assert not check.right
    assert not check.stale


@pytest.mark.proves("ST-1")
def test_a_right_password_under_weaker_parameters_is_stale(hasher: FolderHasher, folder: KeyFolder) -> None:
    [weak] = hasher.hash([PASSWORD])
    today = FolderHasher(folder, FLOOR)
    assert today.check(PASSWORD, weak).stale
    assert not today.check(Secret("wrong"), weak).stale
    today.close()


def test_a_new_pepper_leaves_old_verifiers_usable_and_stale(folder: KeyFolder, hasher: FolderHasher) -> None:
    [slow] = hasher.hash([PASSWORD])
    [fast] = hasher.hash_one_time([PASSWORD])
    newer = FolderHasher.cheap_for_tests(add_key(folder.path, Label.PEPPER))
    for verifier in (slow, fast):
        check = newer.check(PASSWORD, verifier)
        assert check.right
        assert check.stale
        assert not newer.check(Secret("wrong"), verifier).stale
    newer.close()


def test_a_copy_of_the_database_without_the_key_folder_verifies_nothing(
    folder: KeyFolder, hasher: FolderHasher
) -> None:
    [slow], [fast] = hasher.hash([PASSWORD]), hasher.hash_one_time([PASSWORD])
    stranger = FolderHasher.cheap_for_tests(create_key_folder(folder.path.parent / "other"))
    with pytest.raises(KeyFolderError):
        stranger.check(PASSWORD, slow)
    own = stranger.hash_one_time([PASSWORD])[0].pepper_id
    assert not stranger.check(PASSWORD, Verifier(slow.text, own)).right
    assert not stranger.check(PASSWORD, Verifier(fast.text, own)).right
    stranger.close()


def test_a_comparison_that_cannot_be_made_gives_its_place_back(folder: KeyFolder) -> None:
    hasher = FolderHasher.cheap_for_tests(folder, threads=1, queue=1)
    [verifier] = hasher.hash([PASSWORD])
    for _ in range(5):
        with pytest.raises(KeyFolderError):
            hasher.check(PASSWORD, Verifier(verifier.text, "strange1"))
    assert hasher.check(PASSWORD, verifier).right
    hasher.close()


def test_a_one_time_secret_has_a_fast_verifier(folder: KeyFolder, hasher: FolderHasher) -> None:
    secret = FolderMinter(folder).one_time("operation", "uid")
    [verifier] = hasher.hash_one_time([secret])
    assert re.fullmatch(r"\$hmac-sha256\$v=1\$[A-Za-z0-9+/]{43}", verifier.text)
    check = hasher.check(secret, verifier)
    assert check.right
    assert not check.stale
    assert not hasher.check(Secret("something else entirely"), verifier).right


def test_a_one_time_secret_is_recognised_however_it_is_typed(folder: KeyFolder, hasher: FolderHasher) -> None:
    secret = FolderMinter(folder).one_time("operation", "uid")
    [verifier] = hasher.hash_one_time([secret])
    clear = secret.reveal()
    for typed in (
        clear.lower(),
        clear.replace("-", ""),
        clear.replace("-", " "),
        f" {clear} ",
        clear.replace("0", "o"),
    ):
        assert hasher.check(Secret(typed), verifier).right


@settings(max_examples=25)
@given(st.text(min_size=1), st.text(min_size=1))
def test_a_password_is_compared_exactly(one: str, other: str) -> None:
    """No folding, no cutting, NUL included: two passwords match when they are the same."""
    [verifier] = SHARED.hash([Secret(one)])
    assert SHARED.check(Secret(other), verifier).right == (one == other)
    assert not SHARED.check(Secret(one + "\0"), verifier).right


@pytest.fixture(scope="module", autouse=True)
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    global SHARED  # noqa: PLW0603  hypothesis cannot be given a fixture of one test
    SHARED = FolderHasher.cheap_for_tests(create_key_folder(tmp_path_factory.mktemp("keys")))
    yield
    SHARED.close()


SHARED: FolderHasher


def test_a_fingerprint_and_a_digest_are_keyed_and_never_the_same(folder: KeyFolder, hasher: FolderHasher) -> None:
    other = FolderHasher.cheap_for_tests(create_key_folder(folder.path.parent / "other"))
    assert hasher.fingerprint(b"x") == hasher.fingerprint(b"x") != other.fingerprint(b"x")
    assert hasher.digest(Secret("x")) == hasher.digest(Secret("x")) != other.digest(Secret("x"))
    assert len({hasher.fingerprint(b"x"), hasher.digest(Secret("x")), hasher.fingerprint(b"y")}) == 3
    assert re.fullmatch("[0-9a-z]{8}:[0-9a-f]{64}", hasher.digest(Secret("x")))
    other.close()
