"""Headers and methods that are not what they should be."""

import base64
from random import Random

from tests.malformed.sent import Sent

METHODS = ("HEAD", "OPTIONS", "TRACE", "get", "Post", "FOO", "PROPFIND", "CONNECT", "PURGE", "MERGE", "LOCK", "PUT",
           "PATCH", "DELETE", "POST", "GET", "SEARCH", "M-SEARCH", "A" * 200, "G\xcbT")  # fmt: skip

CREDENTIALS: tuple[bytes, ...] = (
    b"", b"Basic", b"Basic ", b"Basic =", b"Basic ====", b"Basic " + base64.b64encode(b"nocolon"), b"Basic Og==",
    b"Basic a b",
    b"Basic " + base64.b64encode(b":" * 50), b"Basic " + base64.b64encode(b"\xff\xfe:\xff"), b"Basic " + b"A" * 40_000,
    b"Basic " + base64.b64encode(b"a\x00b:c"), b"Basic " + base64.b64encode(b"no such one:" + b"x" * 9000),
    b"basic \xff\xfe",
    b"Basic " + base64.b64encode("\u00e9\U0001f600:\u202e".encode()), b"Basic " + base64.b64encode(b"nobody@:pw"),
    b"Bearer", b"Bearer ", b"Bearer .", b"Bearer ..", b"Bearer ...", b"Bearer a.b.c", b"Bearer e30.e30.e30",
    b"Bearer \xff",
    b"Bearer " + b"a" * 40_000, b"Bearer " + b"." * 20_000, b"Bearer a b c", b"bearer null",
    b"Bearer eyJhbGciOiJub25lIn0.e30.",
    b"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", b"Bearer W10.W10.W10", b"Bearer IiI.IiI.IiI", b"Bearer %00.%00",
    b"a-b-c.d",
    b"Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6Ii4uLy4uL2V0Yy9wYXNzd2QifQ.e30.AAAA", b"Digest username=x", b"Negotiate YII=",
    b"\x80",
    b"Bearer " + base64.urlsafe_b64encode(b'{"alg":{"a":[1]},"kid":5}').rstrip(b"=") + b".e30.AA",
    b"Bearer a-default-x.y.z",
    b"Bearer " + base64.urlsafe_b64encode(b'{"alg":"EdDSA","kid":null,"crit":["x"]}').rstrip(b"=") + b".bnVsbA.AA",
    b"Bearer " + base64.urlsafe_b64encode(b"[" * 30_000).rstrip(b"=") + b".e30.AA", b",", b"Basic,Bearer",
    b"Bearer\ta.b.c",
)  # fmt: skip

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"idempotency-key", b""), (b"idempotency-key", b"x" * 300), (b"idempotency-key", b"\xff\xfe"),
    (b"idempotency-key", b"a"),
    (b"if-match", b"*"), (b"if-match", b"W/"), (b"if-match", b'W/"' + b"9" * 6000 + b'"'), (b"if-none-match",
    b'"\xff"'),
    (b"if-match", b'W/"1", W/"2", ' * 300), (b"if-none-match", b"*"), (b"x-request-id", b"\xff" * 64),
    (b"x-request-id", b"a\tb"),
    (b"x-method-override", b"PATCH"), (b"x-method-override", b"DELETE"), (b"x-method-override", b"\xff"),
    (b"patchtype", b"MERGE"),
    (b"prefer", b"respond-async, wait=99999999999999999999"), (b"prefer", b"=;=,"), (b"prefer", b"wait=-1"), (b"range",
    b"bytes=9-1"),
    (b"accept", b"nothing/at-all"), (b"accept", b"\xff"), (b"accept", b"*/*;q=nan"), (b"accept-language", b"x" * 3000),
    (b"expect", b"100-continue"), (b"expect", b"nothing"), (b"upgrade", b"websocket"), (b"upgrade", b"h2c"),
    (b"cookie", b"=;" * 900),
    (b"x-forwarded-for", b"' or 1=1"), (b"x-forwarded-host", b"evil"), (b"forwarded", b"for=\xff"), (b"te",
    b"trailers"),
    (b"host", b"two"), (b"content-length", b"5"), (b"apikey", b""), (b"apikey", b"\xff.\xff"), (b"x-access-token",
    b"a.b.c"),
    (b"x-access-token", b""), (b"mxaccesstoken", b"x" * 9000), (b"x-many", b"y" * 60_000), (b"origin", b"null"),
    (b"date", b"never"),
    (b"if-modified-since", b"Thu, 99 Foo 0000"), (b"authtoken", b"\xff"), (b"content-encoding", b"zip"), (b"tenant",
    b"%00"),
)  # fmt: skip

FRAMES: tuple[tuple[bytes, bytes], ...] = (
    (b"content-length", b"-1"), (b"content-length", b"1e3"), (b"content-length", b"0x10"),
    (b"content-length", b"99999999999999999999999"), (b"content-length", b""), (b"content-length", b"+5"),
    (b"content-length", b"5, 5"), (b"content-length", b"100000"), (b"content-length", b"60000"),
    (b"content-length", b"0"), (b"content-length", b"1"), (b"transfer-encoding", b"chunked"),
    (b"transfer-encoding", b"gzip, chunked"), (b"transfer-encoding", b"identity"), (b"transfer-encoding", b"xx"),
    (b"transfer-encoding", b"chunked, identity"), (b"bad name", b"x"), (b"", b"x"), (b"a\x00b", b"c"),
    (b"x-line", b"a\r\n folded"), (b"x-zero", b"a\x00b"), (b"x-cr", b"a\rb"), (b"x-lf", b"a\nb"),
)  # fmt: skip


def break_sign_in(sent: Sent, dice: Random) -> None:
    """Credentials that cannot be read, twice, or in a place where none are."""
    sent.about.append("credentials")
    if dice.random() < 0.6:
        sent.drop(b"authorization")
    for _ in range(dice.choice((0, 1, 1, 1, 2))):
        name = b"authorization" if dice.random() < 0.8 else dice.choice((b"apikey", b"x-access-token"))
        sent.headers.append((name, dice.choice(CREDENTIALS)))


def break_header(sent: Sent, dice: Random) -> None:
    """Headers that mean nothing, or are there too often."""
    sent.about.append("header")
    for _ in range(dice.choice((1, 1, 2, 3))):
        header = dice.choice(HEADERS)
        sent.headers += [header] * dice.choice((1, 1, 1, 2, 100 if len(header[1]) < 20 else 1))


def break_frame(sent: Sent, dice: Random) -> None:
    """Lengths and encodings that contradict what is sent."""
    name, value = dice.choice(FRAMES)
    sent.about.append("frame")
    if dice.random() < 0.3:
        sent.headers.append((name, value))
        sent.headers.append((b"content-length", str(len(sent.body)).encode()))
    else:
        sent.put(name, value)
    if name == b"transfer-encoding" and dice.random() < 0.6:
        chunk = b"%x\r\n" % len(sent.body)
        sent.body = dice.choice(
            (chunk + sent.body + b"\r\n0\r\n\r\n", b"zz\r\n" + sent.body, b"-1\r\n", b"f" * 20 + b"\r\n", b"0\r\n")
        )
    sent.whole = False


def break_method(sent: Sent, dice: Random) -> None:
    """Another method."""
    sent.about.append("method")
    sent.method = dice.choice(METHODS)
