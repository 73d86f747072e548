"""The values that cells hold and their bytes, the ends of key ranges, and the CRC-8 of plainbuffer.

A STRING is a `str` here, a BINARY is `bytes`.
"""

from __future__ import annotations

import struct
from enum import Enum

from local.fakes.tablestore.errors import invalid

INTEGER, DOUBLE, BOOLEAN, STRING, BLOB = 0, 1, 2, 3, 7
INF_MIN, INF_MAX, AUTO_INCREMENT = 9, 10, 11


class Bound(Enum):
    """The ends of a key column's values, as the borders of a range."""

    MIN = "-inf"
    MAX = "+inf"


Value = int | str | bytes | bool | float
KeyPart = Value | Bound
BOUNDS = {INF_MIN: Bound.MIN, INF_MAX: Bound.MAX}
BOUND_CODES = {bound: code for code, bound in BOUNDS.items()}


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = (byte << 1 ^ 0x07 if byte & 0x80 else byte << 1) & 0xFF
    return byte


CRC_TABLE = tuple(_crc_of_byte(byte) for byte in range(256))


def crc8(data: bytes, crc: int = 0) -> int:
    """CRC-8 with polynomial 7, not reflected, starting at zero."""
    for byte in data:
        crc = CRC_TABLE[crc ^ byte]
    return crc


def value_bytes(value: KeyPart) -> bytes:
    """A value with its type byte, without a length before it: the form of column conditions, too."""
    if isinstance(value, Bound):
        return bytes([BOUND_CODES[value]])
    if isinstance(value, bool):
        return bytes([BOOLEAN, value])
    if isinstance(value, int):
        return struct.pack("<Bq", INTEGER, value)
    if isinstance(value, float):
        return struct.pack("<Bd", DOUBLE, value)
    kind, data = (STRING, value.encode()) if isinstance(value, str) else (BLOB, value)
    return struct.pack("<Bi", kind, len(data)) + data


def read_value(data: bytes) -> KeyPart:
    """The inverse of `value_bytes`; takes all of `data`."""
    kind, body = data[:1], data[1:]
    try:
        return _read_value(kind[0], body)
    except (IndexError, struct.error) as error:
        raise invalid("data format is invalid.") from error
    except UnicodeDecodeError as error:
        raise invalid("Value of column must be UTF8 encoding.") from error


def _read_value(kind: int, body: bytes) -> KeyPart:
    if kind == INTEGER:
        return int(struct.unpack("<q", body)[0])
    if kind == DOUBLE:
        return float(struct.unpack("<d", body)[0])
    if kind == BOOLEAN and len(body) == 1:
        return body != b"\0"
    if kind in BOUNDS and not body:
        return BOUNDS[kind]
    if kind == AUTO_INCREMENT:
        raise invalid("This stand-in has no auto-increment key columns.")
    if kind not in (STRING, BLOB):
        raise invalid("data format is invalid, unknown variant type occured.")
    if struct.unpack_from("<i", body)[0] != len(body) - 4:
        raise invalid("data format is invalid.")
    return body[4:].decode() if kind == STRING else body[4:]
