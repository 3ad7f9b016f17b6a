"""One trigger for each verb and outcome of the catalogue: what has to happen so that exactly this is written.

A trigger prepares what it needs in a world and answers what to do; the tests look at what that leaves in the audit.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, TypeAlias

from keyturn.core.commands import ChangePassword, CreateUser, DeleteUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.membership import GroupChange
from keyturn.core.ports import KeyChange
from keyturn.core.users import Handle, Profile, Status
from tests.audit import with_factors
from tests.audit.world import NOTHING, Act, World, fresh
from tests.support.house import GOOD, OTHER

Trigger: TypeAlias = Callable[[World], Act]


def _leaves(world: World) -> Act:
    who = world.user()
    group = world.group(who)
    return lambda: world.office().groups.update(group, GroupChange(remove=(world.uid(who),)))


def _joins(world: World) -> Act:
    who, group = world.user(), world.group()
    return lambda: world.office().groups.update(group, GroupChange(add=(world.uid(who),)))


def _appoints(world: World) -> Act:
    uid = world.uid(world.user())
    return lambda: world.office().tenants.appoint(uid, frozenset({2}))


def _granted(world: World) -> Act:
    who = world.user()
    return lambda: world.office().grant(who, Handle.KEY, "main", "iot", "USER")


def _renames_group(world: World) -> Act:
    group = world.group()
    return lambda: world.office().groups.update(group, GroupChange(name=fresh("g")))


def _deletes_group(world: World) -> Act:
    group = world.group()
    return lambda: world.office().groups.delete(group)


def _changes_key(world: World) -> Act:
    key = world.key().key.id
    return lambda: world.office().update_key(key, KeyChange(active=False))


def _revokes_key(world: World) -> Act:
    key = world.key().key.id
    return lambda: world.office().revoke_key(key)


def _signs_in(world: World) -> Act:
    who = world.user()
    return lambda: world.sign_in(who, GOOD)


def _fails_to_sign_in(world: World) -> Act:
    who = world.user()
    return lambda: world.sign_in(who, OTHER)


def _signs_out(world: World) -> Act:
    who = world.user()
    world.sign_in(who, GOOD)
    return lambda: world.office().sessions.end(who, Handle.KEY, "")


def _signs_out_nobody(world: World) -> Act:
    who = world.user()
    return lambda: world.office().sessions.end(who, Handle.KEY, "")


def _retries(world: World) -> Act:
    mail = world.waiting()
    world.house.clock.advance(timedelta(seconds=1))
    return lambda: world.office().mails.retry(mail)


def _cancels(world: World) -> Act:
    mail = world.waiting()
    return lambda: world.office().mails.cancel(mail)


def _mistakes_old(world: World) -> Act:
    return world.doing(ChangePassword(world.user(), OTHER, OTHER))


TRIGGERS: Final[Mapping[tuple[str, str], Trigger]] = {
    ("user.create", "created"): lambda w: w.doing(CreateUser(fresh(), Profile(), generate=True)),
    ("user.create", "unchanged"): lambda w: w.doing(CreateUser(fresh(), Profile(), validate_only=True)),
    ("user.create", "repeated"): lambda w: w.again(CreateUser(fresh(), Profile(), operation=fresh("o"))),
    ("user.create", "refused"): lambda w: w.doing(CreateUser(w.user(), Profile())),
    ("user.update", "changed"): lambda w: w.doing(UpdateUser(w.user(), Profile("Amal"))),
    ("user.update", "unchanged"): lambda w: w.doing(UpdateUser(w.user())),
    ("user.update", "repeated"): lambda w: w.again(UpdateUser(w.user(), Profile("B"), operation=fresh("o"))),
    ("user.update", "refused"): lambda w: w.doing(UpdateUser(w.user(), Profile("Amal"), version=99)),
    ("user.status", "changed"): lambda w: w.doing(SetStatus(w.user(), Status.DISABLED)),
    ("user.status", "unchanged"): lambda w: w.doing(SetStatus(w.user(), Status.ACTIVE)),
    ("user.status", "repeated"): lambda w: w.again(SetStatus(w.user(), Status.LOCKED, fresh("o"))),
    ("user.status", "refused"): lambda w: w.doing(SetStatus(w.user(), Status.LOCKED), rights=NOTHING),
    ("user.delete", "changed"): lambda w: w.doing(DeleteUser(w.user())),
    ("user.delete", "repeated"): lambda w: w.again(DeleteUser(w.user(), fresh("o"))),
    ("user.delete", "refused"): lambda w: w.doing(DeleteUser(w.user()), rights=NOTHING),
    ("user.read", "refused"): lambda w: w.turned_away("user.read"),
    ("user.list", "refused"): lambda w: w.turned_away("user.list"),
    ("password.reset", "changed"): lambda w: w.doing(ResetPassword(w.user(mail=True), notify=True)),
    ("password.reset", "repeated"): lambda w: w.again(ResetPassword(w.user(), operation=fresh("o"))),
    ("password.reset", "refused"): lambda w: w.doing(ResetPassword(w.user()), rights=NOTHING),
    ("password.change", "changed"): lambda w: w.doing(ChangePassword(w.user(), OTHER, GOOD)),
    ("password.change", "repeated"): lambda w: w.again(ChangePassword(w.user(), OTHER, GOOD, fresh("o"))),
    ("password.change", "refused"): _mistakes_old,
    ("grant.write", "changed"): _granted,
    ("grant.write", "refused"): lambda w: lambda: w.office(NOTHING).grant("x", Handle.KEY, "main", "iot", "USER"),
    ("group.create", "created"): lambda w: lambda: w.office().groups.create(fresh("g"), NOTHING, (), ""),
    ("group.create", "refused"): lambda w: lambda: w.office(NOTHING).groups.create(fresh("g"), NOTHING, (), ""),
    ("group.update", "changed"): _renames_group,
    ("group.update", "refused"): lambda w: lambda: w.office().groups.update("nothing", GroupChange()),
    ("group.delete", "changed"): _deletes_group,
    ("group.delete", "refused"): lambda w: lambda: w.office().groups.delete("nothing"),
    ("group.join", "changed"): _joins,
    ("group.leave", "changed"): _leaves,
    ("group.list", "refused"): lambda w: w.turned_away("group.list"),
    ("key.create", "created"): lambda w: w.key,
    ("key.create", "refused"): lambda w: lambda: w.office(NOTHING).create_key("mas", "", NOTHING),
    ("key.update", "changed"): _changes_key,
    ("key.update", "refused"): lambda w: lambda: w.office().update_key("nothing", KeyChange()),
    ("key.revoke", "changed"): _revokes_key,
    ("key.revoke", "refused"): lambda w: lambda: w.office().revoke_key("nothing"),
    ("key.list", "refused"): lambda w: w.office(NOTHING).keys,
    ("factor.read", "refused"): with_factors.reads_of_nobody,
    ("factor.add", "started"): with_factors.proposes,
    ("factor.add", "changed"): with_factors.confirms,
    ("factor.add", "refused"): with_factors.confirms_nothing,
    ("factor.remove", "changed"): with_factors.removes_all,
    ("factor.remove", "unchanged"): with_factors.removes_none,
    ("factor.remove", "refused"): with_factors.removes_of_nobody,
    ("factor.codes", "changed"): with_factors.draws_codes,
    ("factor.codes", "refused"): with_factors.draws_no_codes,
    ("factor.show", "changed"): with_factors.shows,
    ("factor.show", "refused"): with_factors.shows_wrong,
    ("keyring.rotate", "changed"): lambda w: w.rotated(),
    ("keyring.prune", "changed"): lambda w: w.pruned(),
    ("directory.backup", "created"): lambda w: w.backed_up(),
    ("directory.restore", "created"): lambda w: w.restored(),
    ("policy.breaches", "changed"): lambda w: w.loaded(),
    ("tenant.create", "created"): lambda w: lambda: w.office().tenants.create(fresh("t"), {}),
    ("tenant.create", "refused"): lambda w: lambda: w.office().tenants.create("not a name", {}),
    ("tenant.update", "changed"): lambda w: lambda: w.office().tenants.update(2, fresh("t"), None),
    ("tenant.update", "refused"): lambda w: lambda: w.office().tenants.update(999, None, None),
    ("tenant.appoint", "changed"): _appoints,
    ("tenant.appoint", "refused"): lambda w: lambda: w.office().tenants.appoint("nobody", frozenset()),
    ("tenant.read", "refused"): lambda w: w.turned_away("tenant.read"),
    ("policy.write", "refused"): lambda w: w.turned_away("policy.write"),
    ("audit.read", "refused"): lambda w: w.turned_away("audit.read"),
    ("session.start", "started"): _signs_in,
    ("session.start", "refused"): _fails_to_sign_in,
    ("session.use", "refused"): lambda w: w.turned_away("session.use"),
    ("session.end", "changed"): _signs_out,
    ("session.end", "unchanged"): _signs_out_nobody,
    ("session.end", "refused"): lambda w: lambda: w.office().sessions.end("nobody", Handle.KEY, ""),
    ("session.list", "refused"): lambda w: lambda: w.office(NOTHING).sessions.of("nobody", Handle.KEY),
    ("mail.list", "refused"): lambda w: w.office(NOTHING).mails.list,
    ("mail.retry", "changed"): _retries,
    ("mail.retry", "refused"): lambda w: lambda: w.office().mails.retry("nothing"),
    ("mail.cancel", "changed"): _cancels,
    ("mail.cancel", "refused"): lambda w: lambda: w.office().mails.cancel("nothing"),
    ("mail.sent", "sent"): lambda w: w.mailed(),
    ("mail.failed", "failed"): lambda w: w.mailed(late=True),
}
"""What makes each of them happen.  A new verb needs a line for each of its outcomes."""
