"""House rules as data: what is looked for, why, what is accepted and rejected, and where it is allowed how often."""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch

from tests.support.sources import Module

Finder = Callable[[ast.Module, str], list[int]]
"""Lines of a source that do what a rule speaks of."""


@dataclass(frozen=True)
class Rule:
    """One rule.  free: places (patterns) where it does not hold.  allowed: places with the exact number of uses."""

    name: str
    message: str
    reason: str
    find: Finder
    accepted: tuple[str, ...]
    rejected: tuple[str, ...]
    free: tuple[str, ...] = ()
    allowed: Mapping[str, int] = field(default_factory=dict)

    def lines(self, source: str) -> list[int]:
        """The lines of a source that break the rule."""
        return self.find(ast.parse(source), source)

    def uses(self, module: Module) -> list[int]:
        """The lines of a module that would break the rule were they not allowed."""
        if any(fnmatch(module.place, pattern) for pattern in self.free):
            return []
        return self.find(module.tree, module.text)


def _nodes(wanted: Callable[[ast.AST], bool]) -> Finder:
    return lambda tree, _: sorted(
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.expr | ast.stmt) and wanted(node)
    )


def _dotted(node: ast.AST) -> str:
    """`a.b.c` as written; the empty text for anything else."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            before = _dotted(node.value)
            return f"{before}.{node.attr}" if before else node.attr
        case _:
            return ""


def _reveals(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "reveal"


def _writes_credentials(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and bool(re.search(r"\bcredentials\.replace$", _dotted(node)))


def _hashes_fast(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "hash_one_time"


def _reads_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "os" and any(alias.name in ("environ", "environb", "getenv") for alias in node.names)
    return isinstance(node, ast.Attribute) and _dotted(node) in ("os.environ", "os.environb", "os.getenv")


def _prints(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _dotted(node.func) in ("print", "sys.stdout.write", "sys.stderr.write")


def _throws_dice(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name == "random" for alias in node.names)
    return isinstance(node, ast.ImportFrom) and node.module == "random"


SECRET_WORDS = {"password", "passphrase", "token", "digest", "signature", "mac", "hmac", "clear", "pepper"}


def _compares_openly(node: ast.AST) -> bool:
    if not isinstance(node, ast.Compare) or not any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
        return False
    sides = [node.left, *node.comparators]
    if any(isinstance(side, ast.Constant) and side.value in ("", None) for side in sides):
        return False
    if any(isinstance(side, ast.Call) and _dotted(side.func) == "bindparam" for side in sides):
        return False  # a condition for the database, which no clock outside can tell apart
    return any(_is_secret(side) for side in sides)


def _is_secret(side: ast.expr) -> bool:
    if isinstance(side, ast.Call):
        return _reveals(side.func) or _dotted(side.func).rpartition(".")[2] == "hexdigest"
    return _dotted(side).rpartition(".")[2] in SECRET_WORDS


VENDORS = re.compile(
    r"(?<![A-Za-z])(mas|maximo(?!-test|-prod)|uipath|primavera|oracle|hdp|datadirect|progress software)(?![a-z])", re.I
)


def _names_a_vendor(_: ast.Module, source: str) -> list[int]:
    return [number for number, line in enumerate(source.splitlines(), 1) if VENDORS.search(line)]


BANNED_NAMES = re.compile(r"(^|_)(utils?|helpers?|common|base|managers?|misc)($|_)", re.I)


def _is_named_for_nothing(node: ast.AST) -> bool:
    if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name)
    return bool(BANNED_NAMES.search(words))


def _takes_anything(node: ast.AST) -> bool:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.args.kwarg is None:
        return False
    return not _dotted(node.args.kwarg.annotation or node).endswith(".kwargs")


def _promises_nothing(tree: ast.Module, source: str) -> list[int]:
    todo = re.compile(r"#.*\b(TODO|FIXME|XXX)\b(?!\(#\d+\))")
    return [number for number, line in enumerate(source.splitlines(), 1) if todo.search(line)]


def _shells_out(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    shell = any(word.arg == "shell" and getattr(word.value, "value", None) is True for word in node.keywords)
    return shell or _dotted(node.func) in ("os.system", "os.popen", "eval", "exec", "pickle.loads", "pickle.load")


def _builds_a_pattern(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not _dotted(node.func).startswith("re.") or not node.args:
        return False
    return _dotted(node.func) not in ("re.escape", "re.error") and not isinstance(node.args[0], ast.Constant)


RULES = (
    Rule(
        "looking at a secret",
        "a clear password or token is looked at in a new place, or no longer in an old one",
        "each look is a way out for a secret; whoever adds one shows it in review by changing the list",
        _nodes(_reveals),
        accepted=("sealer.seal(secret)", "repr(secret)"),
        rejected=("print(secret.reveal())", "look = secret.reveal"),
        free=("core/secret.py",),
        allowed={
            "api/factors.py": 4,  # secret and address of a new app, and recovery codes: each shown this once
            "api/keys.py": 1,
            "api/ownkeys.py": 1,
            "api/pages.py": 1,
            "api/shapes.py": 1,
            "api/welcome.py": 1,
            "app/house/build.py": 1,
            "app/demo/stage.py": 3,
            "app/postman/importing.py": 1,  # the secret of a collection, into a file of its own
            "app/postman/recognising.py": 1,  # whether a recorded password is put together of cells
            "app/config/safe.py": 1,  # into the keyring of the operating system
            "bulk/planning/passwords.py": 3,
            "bulk/record/same.py": 1,
            "bulk/running/vault.py": 1,
            "cli/handout/open.py": 1,  # into the sheet that somebody asked for
            "cli/directory/init.py": 4,
            "cli/directory/key.py": 1,
            "cli/directory/user.py": 1,
            "core/capabilities.py": 1,
            "core/effects.py": 1,
            "core/handout.py": 1,  # the line of a handout, on its way into the seal
            "letters/book.py": 1,  # whether a font prints all of it, before a sheet is written
            "letters/letter.py": 1,  # onto paper
            "core/factors.py": 1,  # a recovery code as it was typed, to compare its digest
            "core/policy.py": 2,
            "core/signin.py": 2,
            "core/steps.py": 1,
            "crypto/blocklist.py": 1,
            "crypto/factors.py": 3,
            "crypto/hashing.py": 6,  # three of them take an imported hash, or what it is compared with
            "crypto/tokens.py": 1,
            "dialects/hdp/client_people.py": 1,
            "dialects/hdp/wire.py": 4,
            "dialects/mas/client_manage.py": 1,
            "dialects/mas/client_session.py": 4,
            "dialects/mas/server_keys.py": 1,
            "dialects/mas/server_manage.py": 1,
            "dialects/mas/wire.py": 3,
            "dialects/mas/wire_admin.py": 2,
            "dialects/postman/client.py": 1,  # the secret of a client, for its token
            "dialects/primavera/client_session.py": 2,
            "dialects/primavera/wire.py": 1,
            "dialects/scim/client_session.py": 3,  # bearer or basic, on the wire, and the key's id in front of a token
            "dialects/scim/server_asking.py": 1,  # a key's token, taken apart into id and secret
            "dialects/scim/wire.py": 3,  # password, new password, hash
            "dialects/uipath/client_session.py": 2,
            "dialects/uipath/server_token.py": 2,
            "dialects/uipath/wire.py": 3,
            "http/answers.py": 1,
            "http/authn.py": 1,
            "http/call.py": 1,  # the pass phrase of the key of our certificate
            "mail/letter.py": 1,
            "mail/relay.py": 1,
        },
    ),
    Rule(
        "writing a credential",
        "only the one door writes a credential",
        "permission, policy, revocation, mail and audit stand in the same transaction there and are not forgotten",
        _nodes(_writes_credentials),
        accepted=("credentials.get(uid)", "text.replace('a', 'b')"),
        rejected=("transaction.credentials.replace(rows)", "credentials.replace(rows)"),
        allowed={
            "core/directory.py": 1,
        },
    ),
    Rule(
        "hashing fast",
        "only what the directory has just made itself is stored under the fast hash",
        "it is safe for a secret of 129 random bits that works once, and for nothing that a person or a file supplied",
        _nodes(_hashes_fast),
        accepted=("hasher.hash([password])",),
        rejected=("hasher.hash_one_time([password])", "hash = hasher.hash_one_time"),
        allowed={
            "core/directory.py": 1,
        },
    ),
    Rule(
        "reading the environment",
        "only app/config/settings.py reads the environment",
        "a setting that is read in the middle of the house has no page, no origin and no test",
        _nodes(_reads_environment),
        accepted=("os.fspath(path)", "settings.environment"),
        rejected=("os.environ['HOME']", "os.getenv('HOME')", "from os import environ"),
        allowed={
            "app/config/settings.py": 1,
        },
    ),
    Rule(
        "printing",
        "only the frame of the command line prints",
        "data belongs on stdout, talk on stderr, and a machine's output may not be mixed with either",
        _nodes(_prints),
        accepted=("frame.say('done')",),
        rejected=("print('done')", "sys.stdout.write('done')"),
        free=("cli/frame.py",),
        allowed={},
    ),
    Rule(
        "throwing dice",
        "the module random is not for us",
        "what is guessable is no secret; delays and samples do not need it either",
        _nodes(_throws_dice),
        accepted=("import secrets", "from keyturn.core import randomness"),
        rejected=("import random", "from random import choice"),
        allowed={},
    ),
    Rule(
        "comparing a secret openly",
        "secrets and digests are compared in constant time",
        "`==` stops at the first difference and so tells how much of a guess was right; use hmac.compare_digest",
        _nodes(_compares_openly),
        accepted=("hmac.compare_digest(mine, theirs)", "token == ''", "count == 3"),
        rejected=("secret.reveal() == given", "key.digest == digest", "given != row.token"),
        allowed={},
    ),
    Rule(
        "naming a vendor",
        "a vendor is named only in its own folder and in the two tables",
        "the rest asks for capabilities, so that a new vendor is a new folder and a line in each",
        _names_a_vendor,
        accepted=("x = 'a target'", "masked = Alias('basic')", "thomas = 1", "'-t maximo-test'"),
        rejected=("kind = 'mas'", "# only UiPath does this", "def hdp_fault(): ..."),
        free=("dialects/*/*", "app/dialects.py", "app/doors.py"),
        allowed={
            "app/demo/stage.py": 2,
            "app/config/sources.py": 1,
            "cli/demo.py": 2,
            "cli/directory/key.py": 4,
            "cli/target/add.py": 2,
            "core/policy.py": 1,
            "core/storage.py": 1,
            "crypto/tokens.py": 1,
        },
    ),
    Rule(
        "naming for nothing",
        "no class or function is a util, helper, common, base, manager or misc",
        "such a name says where code was put, not what it is for, and everything ends there",
        _nodes(_is_named_for_nothing),
        accepted=("class Courier: ...", "class Database: ...", "def based_on(): ..."),
        rejected=("class UserManager: ...", "def helper(): ...", "class BaseStore: ..."),
        allowed={
            "http/call.py": 1,
        },
    ),
    Rule(
        "taking anything",
        "no function of ours takes **keywords",
        "a misspelt keyword must be an error where it is written, and readers must see what can be said",
        _nodes(_takes_anything),
        accepted=("def reset(who, *, notify=False): ...", "def run(job, *args: P.args, **kwargs: P.kwargs): ..."),
        rejected=("def reset(**changes): ...",),
        allowed={
            "cli/frame.py": 1,
            "cli/handout/printing.py": 1,
            "cli/lazy.py": 1,
            "cli/main.py": 1,
            "cli/postman/flags.py": 1,
            "cli/desk/flags.py": 2,
            "cli/target/add.py": 1,
            "store/statement.py": 2,
        },
    ),
    Rule(
        "running a text",
        "no shell, no eval, no pickle",
        "a file of users is data; nothing in it may become a command",
        _nodes(_shells_out),
        accepted=("subprocess.run(['op', 'read'])", "json.loads(text)"),
        rejected=("subprocess.run('op read', shell=True)", "os.system('id')", "eval(text)", "pickle.loads(data)"),
        allowed={},
    ),
    Rule(
        "building a pattern",
        "a regular expression stands in the source as it is",
        "what somebody sent is never part of one, so that no sign in it means more than itself; these are put together"
        " from constants of ours",
        _nodes(_builds_a_pattern),
        accepted=("re.compile('[a-z]+')", "re.escape(given)", "PATTERN.sub('', text)"),
        rejected=("re.search(given, text)", "re.compile(f'^{given}$')"),
        allowed={
            "app/keeping/backup.py": 1,
            "cli/target/newtarget.py": 1,
            "crypto/breach_loading.py": 1,
            "crypto/factors.py": 1,
            "crypto/imported.py": 1,
            "crypto/minting.py": 1,
            "dialects/primavera/server_asking.py": 1,
            "dialects/uipath/server_asking.py": 1,
        },
    ),
    Rule(
        "promising without a number",
        "a TODO names its issue: TODO(#12)",
        "a promise that is in nobody's list is kept by nobody",
        _promises_nothing,
        accepted=("x = 1  # TODO(#12) page through the rest",),
        rejected=("x = 1  # TODO page through the rest", "x = 1  # FIXME"),
        allowed={},
    ),
)
