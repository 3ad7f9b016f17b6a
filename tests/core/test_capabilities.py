"""What a directory cannot carry is said in words before anything is sent."""

from dataclasses import replace

from keyturn.core.capabilities import Capabilities, lacks, misfit
from keyturn.core.commands import ChangePassword, Command, CreateUser, DeleteUser, ResetPassword, UpdateUser
from keyturn.core.directory import LOCAL
from keyturn.core.secret import Secret
from keyturn.core.users import Profile

NEW = Secret("a password of some length")
POOR = Capabilities(
    frozenset({CreateUser, UpdateUser, ResetPassword, ChangePassword}), needs_old=True, longest=8, longest_id=5
)


def test_our_own_directory_carries_everything() -> None:
    commands: list[Command] = [
        CreateUser("amal", Profile(), generate=True, notify=True, validate_only=True),
        ResetPassword("amal", notify=True),
        ResetPassword("amal", NEW, permanent=True),
        ChangePassword("amal", NEW),
        DeleteUser("amal"),
    ]
    assert [misfit(command, LOCAL) for command in commands] == [None] * len(commands)


def test_each_lack_has_its_words() -> None:
    lacking: list[tuple[Command, str]] = [
        (DeleteUser("amal"), "does not know DeleteUser"),
        (ResetPassword("amal-haddad", NEW), "id is longer than 5"),
        (ResetPassword("amal"), "does not make one up"),
        (ResetPassword("amal", NEW, notify=True), "sends no mail"),
        (ResetPassword("amal", NEW, permanent=True), "only as temporary"),
        (ChangePassword("amal", NEW), "old password is needed"),
        (CreateUser("amal", Profile(), validate_only=True), "without doing it"),
        (CreateUser("amal", Profile(), notify=True), "sends no mail"),
        (CreateUser("amal", Profile(), generate=True), "does not make one up"),
        (CreateUser("amal", Profile(), groups=("g",)), "takes nobody into groups"),
        (UpdateUser("amal", join=("g",)), "takes nobody into groups"),
        (UpdateUser("amal", leave=("g",)), "takes nobody into groups"),
    ]
    for command, words in lacking:
        assert words in (lacks(command, POOR) or ""), command


def test_what_has_to_be_set_before_users_can_be_made_is_said_of_creations_alone() -> None:
    """In place of a command that is not known, which nobody could mend."""
    bare = Capabilities(carries=frozenset(), creation="set the key first")
    assert lacks(CreateUser("amal", Profile()), bare) == "set the key first"
    assert lacks(DeleteUser("amal"), bare) == "this directory does not know DeleteUser"


def test_a_password_over_the_hard_limit_does_not_fit_though_nothing_else_lacks() -> None:
    for command in (ResetPassword("amal", NEW), CreateUser("amal", Profile(), password=NEW)):
        assert lacks(command, POOR) is None
        assert misfit(command, POOR) == "the password is longer than 8"
        assert misfit(command, replace(POOR, longest=None)) is None
    assert misfit(CreateUser("amal", Profile()), POOR) is None
