"""A self-signed certificate for 127.0.0.1, made on the spot: Ed25519, for an hour."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nacl.signing import SigningKey

_ED25519 = b"\x30\x05\x06\x03\x2b\x65\x70"


@dataclass(frozen=True)
class Certificate:
    """The two files that a server needs; clients trust `certificate`."""

    certificate: Path
    key: Path


def make_certificate(
    folder: Path, name: str = "localhost", *, host: int = 1, age: timedelta = timedelta(minutes=5)
) -> Certificate:
    """A certificate of this name and 127.0.0.`host` that vouches for itself, for an hour; older ones are over."""
    key = SigningKey.generate()
    body = _body(bytes(key.verify_key), name, host, datetime.now(UTC) - age)
    signed = _tlv(0x30, body, _ED25519, _bits(key.sign(body).signature))
    private = _tlv(0x30, _integer(0), _ED25519, _tlv(0x04, _tlv(0x04, bytes(key))))
    folder.mkdir(exist_ok=True)
    made = Certificate(folder / f"{name}.crt", folder / f"{name}.key")
    made.certificate.write_text(_pem("CERTIFICATE", signed))
    made.key.write_text(_pem("PRIVATE KEY", private))
    return made


def _body(public: bytes, name: str, host: int, start: datetime) -> bytes:
    who = _tlv(0x30, _tlv(0x31, _tlv(0x30, b"\x06\x03\x55\x04\x03", _tlv(0x0C, name.encode()))))
    times = _tlv(0x30, _time(start), _time(start + timedelta(hours=1)))
    key = _tlv(0x30, _ED25519, _bits(public))
    names = _tlv(0x30, _tlv(0x82, name.encode()), _tlv(0x87, bytes([127, 0, 0, host])))
    extensions = _tlv(
        0x30,
        _extension(0x13, _tlv(0x30, b"\x01\x01\xff"), critical=True),
        _extension(0x0F, b"\x03\x02\x02\x84", critical=True),
        _extension(0x11, names),
        _extension(0x0E, _tlv(0x04, hashlib.sha256(public).digest()[:20])),
    )
    version = _tlv(0xA0, _integer(2))
    return _tlv(0x30, version, _integer(1), _ED25519, who, times, who, key, _tlv(0xA3, extensions))


def _tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _integer(number: int) -> bytes:
    return _tlv(0x02, bytes([number]))


def _bits(data: bytes) -> bytes:
    return _tlv(0x03, b"\0" + data)


def _time(moment: datetime) -> bytes:
    return _tlv(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def _extension(number: int, value: bytes, *, critical: bool = False) -> bytes:
    return _tlv(0x30, b"\x06\x03\x55\x1d" + bytes([number]), b"\x01\x01\xff" if critical else b"", _tlv(0x04, value))


def _pem(name: str, data: bytes) -> str:
    return f"-----BEGIN {name}-----\n{base64.encodebytes(data).decode()}-----END {name}-----\n"
