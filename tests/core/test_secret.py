"""A Secret shows itself to nobody who does not ask for it by name."""

import copy
import pickle
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.commands import ChangePassword, CreateUser, ResetPassword
from keyturn.core.secret import Secret
from keyturn.core.users import Profile

secrets = st.text().map(Secret)


@given(secrets, secrets)
def test_a_command_prints_the_same_whatever_its_secret(one: Secret, other: Secret) -> None:
    reset, change = ResetPassword("amal", one), ChangePassword("amal", one)
    create = CreateUser("amal", Profile(), password=one)
    assert repr(replace(reset, new=other)) == repr(reset)
    assert repr(replace(change, new=other)) == repr(change)
    assert repr(replace(create, password=other)) == repr(create)


@given(secrets)
def test_text_forms_of_a_secret_are_only_the_mask(secret: Secret) -> None:
    assert str(secret) == f"{secret}" == f"{secret:>3}" == "***"
    assert repr(secret) == "Secret(***)"


@given(st.text(), st.text())
def test_secrets_compare_by_their_clear_text(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) is (one == other)
    assert bool(Secret(one)) is bool(one)


def test_a_secret_equals_nothing_but_a_secret() -> None:
    assert Secret("opensesame") != "opensesame"


def test_a_secret_cannot_be_pickled_copied_hashed_or_serialised() -> None:
    secret = Secret("opensesame")
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError, match="never pickled"):
        copy.deepcopy(secret)
    with pytest.raises(TypeError, match="unhashable"):
        hash(secret)
    with pytest.raises(TypeError):
        msgspec.json.encode({"password": secret})
