"""Nobody touches or confers what they lack, and a restricted proof buys one thing."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.commands import VERBS
from keyturn.core.permissions import NEEDS, ON_CREDENTIALS, OWN, OWN_ALONE, Actor, Proof, Target, may, may_confer
from keyturn.core.users import ALL_RIGHTS, Right

rights = st.frozensets(st.sampled_from(sorted(Right, key=lambda right: right.value)))


def actor(*held: Right, proof: Proof = Proof.KEY) -> Actor:
    return Actor("someone", "Someone", 1, frozenset(held), proof)


def test_every_command_has_a_row_in_the_table() -> None:
    assert set(VERBS.values()) <= NEEDS.keys()
    assert NEEDS.keys() >= OWN
    assert NEEDS.keys() >= ON_CREDENTIALS


@pytest.mark.proves("AZ-1")
def test_an_operation_without_a_row_cannot_be_asked_for() -> None:
    with pytest.raises(KeyError):
        may(actor(*ALL_RIGHTS), "user.teleport", Target.OTHER)


@pytest.mark.proves("AZ-2")
@given(rights, rights, st.sampled_from(sorted(ON_CREDENTIALS)))
def test_a_credential_is_only_touched_by_who_holds_all_its_owner_holds(
    mine: frozenset[Right], theirs: frozenset[Right], operation: str
) -> None:
    allowed = may(actor(*mine), operation, Target.OTHER, theirs)
    assert allowed is (mine >= NEEDS[operation] and theirs <= mine)


@pytest.mark.proves("AZ-3")
@given(rights, rights)
def test_nobody_confers_a_right_they_lack(mine: frozenset[Right], given_: frozenset[Right]) -> None:
    assert may_confer(actor(*mine), given_) is (given_ <= mine)


@pytest.mark.parametrize("proof", [Proof.RESTRICTED, Proof.TEMPORARY, Proof.LINK])
def test_a_restricted_proof_only_buys_a_new_password_for_oneself(proof: Proof) -> None:
    bought = [
        (operation, target)
        for operation, target in itertools.product(NEEDS, Target)
        if may(actor(*ALL_RIGHTS, proof=proof), operation, target)
    ]
    assert bought == [("password.change", Target.SELF)]


def test_without_any_right_one_may_read_oneself_and_change_ones_password() -> None:
    allowed = {operation for operation in NEEDS if may(actor(), operation, Target.SELF)}
    assert allowed == (OWN | {operation for operation, needed in NEEDS.items() if not needed}) - OWN_ALONE


@pytest.mark.parametrize("operation", sorted(OWN_ALONE))
def test_ones_own_factors_and_keys_are_changed_by_nobody_else_and_by_no_key(operation: str) -> None:
    allowed = [
        (proof, target)
        for proof, target in itertools.product(set(Proof) - {Proof.ENROLLING}, Target)
        if may(actor(*ALL_RIGHTS, proof=proof), operation, target)
    ]
    assert allowed == [(Proof.SESSION, Target.SELF)]


def test_nobody_removes_their_own_factors_as_an_administrator_does() -> None:
    assert not may(actor(*ALL_RIGHTS, proof=Proof.SESSION), "factor.remove", Target.SELF)


def test_half_a_sign_in_buys_nothing_and_who_must_add_a_factor_just_that() -> None:
    def bought(proof: Proof) -> list[str]:
        someone = actor(*ALL_RIGHTS, proof=proof)
        assert not any(may(someone, each, target) for each in NEEDS for target in (Target.OTHER, Target.NOBODY))
        return [operation for operation in NEEDS if may(someone, operation, Target.SELF)]

    assert bought(Proof.HALF) == []
    assert bought(Proof.ENROLLING) == ["password.change", "factor.read", "factor.change"]
