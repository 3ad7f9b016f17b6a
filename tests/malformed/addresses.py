"""Addresses that are not what they should be: paths, ids in them, queries."""

from collections.abc import Mapping, Sequence
from random import Random
from urllib.parse import quote

from keyturn.http.described import varying
from tests.malformed.sent import Sent

IDS: tuple[bytes, ...] = (
    b"%00", b"%2F", b"%2f%2e%2e", b"..", b".", b"%", b"%zz", b"%f", b"%ff", b"%C3%28", b"%ED%A0%80", b"-1", b"0", b"-0",
    b"1" + b"0" * 30, b"9223372036854775807", b"9223372036854775808", b"1e3", b"1.0", b"0x1", b"+7", b"%2B7", b"%207",
    b"NaN", b"null", b"undefined", b"true", b"'", b"%22", b"%27%20or%201=1", b"*", b"{id}", b"$(id)", b"%0d%0ax:y",
    b"%09",
    b"00000000-0000-0000-0000-000000000000", b"{00000000-0000-0000-0000-000000000000}", b"GGGGGGGG-0000-0000-0000-0000",
    b"\xc3\xa9", b"\xff\xfe", b"%D9%A7", b"%E2%80%8B", b"%F0%9F%98%80" * 20, b"a" * 300, b"a" * 5000, b"%61" * 2000,
    b"a;b=c", b"a:b", b"@", b"~", b"_", b"-", b"%20", b"a%20b", b"A,B,C", b"%5C..%5C..", b"%25", b"%2500", b"con",
    b"%EF%BC%91", b"%C2%B2", b"%E0%A5%A7", b"1_000", b"0_1", b"%2D5", b"0" * 400 + b"9", b"9" * 5000,
)  # fmt: skip
"""In place of an id."""

VALUES: tuple[bytes, ...] = (
    b"", b"%", b"%zz", b"%00", b"%ff", b"\xff", b"%ED%A0%80", b"-1", b"0", b"1" + b"0" * 30, b"1e9", b"NaN",
    b"true,false",
    b"%20", b"+", b"a" * 6000, b"%F0%9F%98%80" * 300, b"null", b"[]", b"{}", b"'", b"%22", b"*", b"%25", b"1.5", b"-0",
    b"_",
    b"%5B%5D", b"a,b,,c" * 100, b"password", b"1;drop", b"%2e%2e", b"%0d%0a", b"%E2%80%AE", b"1_0", b"%D9%A1",
    b"%C2%B2",
    b"9223372036854775807", b"9223372036854775808", b"9" * 5000, b"-9223372036854775809", b"%EF%BC%91",
)  # fmt: skip
"""In place of the value of a parameter."""

FILTERS: tuple[str, ...] = (
    "", " ", "userName", "userName eq", 'userName eq "', 'eq "a"', 'userName eq "a" and', 'not userName eq "a"', "()",
    "((",
    'userName xx "a"', 'password eq "a"', 'password pr', 'userName eq 1', 'active eq "yes"', "active gt true",
    "id gt 5",
    'meta.created gt "never"', 'meta.created gt "9999-12-31T23:59:59.999999999Z"',
    'meta.lastModified lt "0001-01-01T00:00:00-23:59"',
    'emails[type eq "work"', 'emails[type eq "work"].value.x eq 1', "emails[]", 'emails[emails[value pr]]', "[",
    "urn:x:y:z pr",
    'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "a"', 'urn:ietf:params:scim:schemas:core:2.0:User:. pr',
    "a" * 3000,
    'userName eq "\\"', 'userName eq "\\u00"', 'userName eq "\\ud800"', 'userName eq "\\u0000"', 'userName sw "%_\\\\"',
    'userName eq null', 'userName eq {}', 'userName eq []', 'userName eq 1e999', "members.value pr", "groups pr",
    "meta pr",
    'name.familyName.x eq "a"', '$ref eq "a"', ". pr", "a.b.c.d.e pr", "-1 pr", "1 eq 1", "userName eq userName",
    "\u00e9 pr",
    'userName co ""', 'userName eq "a"' + ' or userName eq "a"' * 60, 'userName eq "a"' + ' and title pr' * 400,
    "(" * 30 + 'userName pr' + ")" * 30, "(" * 900 + 'userName pr' + ")" * 900, "not (" * 40 + "userName pr" + ")" * 40,
    "not (" * 700 + "userName pr" + ")" * 700, "(" * 3000, ")" * 3000,
    'emails[value co "@" and (type eq "x" or type pr)] pr',
    'members[value eq "' + "x" * 4000 + '"]', 'userName eq "a" OR NOT (active EQ TRUE)', "userName\tpr",
    "userName pr\n",
    'externalId ge 1.0', 'meta.version eq W/"1"', 'x509Certificates.value pr', 'schemas eq "x"', 'emails eq "a@b"',
    'emails.primary eq true', 'emails.primary gt "x"', 'userName eq 99999999999999999999999999', "and", "or or or",
    "not", "pr",
)  # fmt: skip
"""In place of a SCIM filter, a path of a PATCH, or a name to sort by."""

CONDITIONS: tuple[str, ...] = (
    "", "=", 'userid="', 'userid=amal', 'userid="amal', 'userid=""', 'userid="a" and', 'user.user.userid="amal"',
    "a=b=c", '"',
    'groupname="" or 1=1', 'userid="a\\"b"', "userid='amal'", 'userid in ["a","b"', 'userid!="a"', 'userid="%"',
    "spi:userid=1",
    'groupname="' + "x" * 4000 + '"', 'user.userid="amal" and user.userid="omar"', '"="', 'x="\u0000"',
    'userid="\u00e9"',
)  # fmt: skip
"""In place of a condition of `oslc.where`."""

NONSENSE = {"filter": FILTERS, "sortBy": FILTERS, "oslc.where": CONDITIONS}


def break_path(sent: Sent, dice: Random) -> None:
    """Break the path somewhere."""
    path, mark, query = sent.address.partition(b"?")
    parts = path.split(b"/")
    at = dice.randrange(1, len(parts))
    match dice.randrange(8):
        case 0:
            parts.insert(at, dice.choice((b"", b".", b"..", b"%2e%2e", b"%2F", b"%00", b"\xff", b"x" * 3000)))
        case 1:
            parts[at] = dice.choice(IDS)
        case 2:
            parts[at] = b"".join(b"%%%02x" % byte for byte in parts[at])
        case 3:
            parts[at] = parts[at].upper() if dice.random() < 0.5 else parts[at] + dice.choice(IDS)
        case 4:
            parts += [dice.choice(IDS)] * dice.choice((1, 2, 400))
        case 5:
            del parts[at:]
        case 6:
            parts[at] = parts[at][:2] + bytes(dice.choice(range(0x21, 0x100)) for _ in range(4))
        case _:
            parts = [*parts, b"", b""]
    sent.about.append("path")
    sent.elsewhere = True
    sent.address = (b"/".join(parts) or b"/") + mark + query


def break_id(sent: Sent, path: str, known: Mapping[str, Sequence[str]], dice: Random) -> None:
    """Put an odd id in one of the places where the path varies; the others keep what is there to be found."""
    at = dice.choice(varying(path))
    for name in varying(path):
        value = dice.choice(IDS).decode("latin-1") if name == at else dice.choice(known.get(name, ("x",)))
        path = path.replace("{" + name + "}", value, 1)
    sent.about.append("id")
    sent.address = path.encode("latin-1")
    sent.elsewhere = at in ("tenant", "organization")


def break_query(sent: Sent, names: Sequence[str], dice: Random) -> None:
    """Ask with a query that is odd, repeated or huge."""
    known = [*names] or ["x"]
    sent.about.append("query")
    match dice.randrange(6):
        case 0 | 1 | 2:
            name = dice.choice(known)
            value = dice.choice(VALUES)
            if name in NONSENSE and dice.random() < 0.8:
                value = quote(dice.choice(NONSENSE[name]), safe="").encode("ascii")
            query = name.encode() + b"=" + value
        case 3:
            query = b"&".join(name.encode() + b"=" + dice.choice(VALUES) for name in known * dice.choice((1, 2)))
        case 4:
            query = dice.choice(
                (b"&" * 3000, b"=", b"a&b&c", b"?", b"a=1&" * 2000, b"%", b"\xff\xfe", b"x" * 20_000, b";")
            )
        case _:
            query = dice.choice(known).encode() + dice.choice(
                (b"[]=1", b"%00=1", b"=1;=2", b"", b".x=1", b"=1#y", b" =1")
            )
    sent.address = sent.address.partition(b"?")[0] + b"?" + query
