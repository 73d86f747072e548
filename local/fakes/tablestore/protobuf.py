"""The wire format of protocol buffers, as far as Tablestore's messages need it: varints and bytes by field number."""

from __future__ import annotations

from local.fakes.tablestore.errors import OtsError, invalid

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {FIXED64: 8, FIXED32: 4}


class Message:
    """A message that was read. Fields of other numbers are kept and ignored; the last of several values counts."""

    __slots__ = ("_fields",)

    def __init__(self, data: bytes) -> None:
        """Raises OtsError (OTSParameterInvalid) when this is no message."""
        self._fields: dict[int, list[int | bytes]] = {}
        at = 0
        while at < len(data):
            number, value, at = _read_field(data, at)
            self._fields.setdefault(number, []).append(value)

    def number(self, field: int) -> int | None:
        """A varint field as a signed 64-bit number: int32, int64, bool and enum alike; None when absent."""
        values = self._fields.get(field)
        if not values:
            return None
        value = values[-1]
        if not isinstance(value, int):
            raise broken()
        return value - (1 << 64) if value >> 63 else value

    def each(self, field: int) -> list[bytes]:
        """All values of a repeated bytes, string or message field."""
        values = self._fields.get(field, [])
        found = [value for value in values if isinstance(value, bytes)]
        if len(found) != len(values):
            raise broken()
        return found

    def data(self, field: int) -> bytes | None:
        values = self.each(field)
        return values[-1] if values else None

    def texts(self, field: int) -> list[str]:
        try:
            return [value.decode() for value in self.each(field)]
        except UnicodeDecodeError as error:
            raise broken() from error

    def text(self, field: int) -> str | None:
        values = self.texts(field)
        return values[-1] if values else None

    def message(self, field: int) -> Message | None:
        value = self.data(field)
        return None if value is None else Message(value)


def broken() -> OtsError:
    return invalid("Parse PBMessage from RawString failed.")


def needed_number(message: Message, field: int) -> int:
    """The value of a required field."""
    value = message.number(field)
    if value is None:
        raise broken()
    return value


def needed_data(message: Message, field: int) -> bytes:
    value = message.data(field)
    if value is None:
        raise broken()
    return value


def needed_text(message: Message, field: int) -> str:
    value = message.text(field)
    if value is None:
        raise broken()
    return value


def number(field: int, value: int) -> bytes:
    """A varint field; negative numbers take ten bytes, as int32 and int64 do."""
    return _varint(field << 3 | VARINT) + _varint(value & (1 << 64) - 1)


def data(field: int, value: bytes) -> bytes:
    """A bytes, string or message field."""
    return _varint(field << 3 | BYTES) + _varint(len(value)) + value


def text(field: int, value: str) -> bytes:
    return data(field, value.encode())


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(buffer: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(buffer):
            raise broken()
        byte = buffer[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, at
    raise broken()


def _read_field(buffer: bytes, at: int) -> tuple[int, int | bytes, int]:
    tag, at = _read_varint(buffer, at)
    kind = tag & 7
    if kind == VARINT:
        value, at = _read_varint(buffer, at)
        return tag >> 3, value, at
    if kind == BYTES:
        size, at = _read_varint(buffer, at)
    elif kind in _FIXED_SIZES:
        size = _FIXED_SIZES[kind]
    else:
        raise broken()
    if at + size > len(buffer):
        raise broken()
    return tag >> 3, buffer[at : at + size], at + size
