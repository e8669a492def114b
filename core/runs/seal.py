"""A checksum as the last entry of a JSON object, which any reader takes for an entry like the others.

It tells a flipped bit from a number that was written. What an earlier version wrote has none.
"""

from __future__ import annotations

from zlib import crc32

SEAL = b',"crc":"'
"""What stands before the eight digits; after them the text or the object ends."""
SEAL_AT, SEAL_END = -18, -10


class ChangedError(ValueError):
    """A text is not what was written."""


def sealed(text: bytes) -> bytes:
    """Add the checksum to a JSON object that has entries."""
    body = text[:-1].rstrip()
    return b'%b%b%08x"}' % (body, SEAL, crc32(body))


def unsealed(text: bytes) -> bytes:
    """Take the checksum off, if there is one. Raises :class:`ChangedError` if it is another one."""
    text = text.rstrip()
    if b'"crc"' not in text[SEAL_AT:]:
        return text
    body = text[:SEAL_AT]
    if text != b'%b%b%08x"}' % (body, SEAL, crc32(body)):
        raise ChangedError("it is not what was written: its checksum is another one")
    return body + b"}"
