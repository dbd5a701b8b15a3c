"""Halves of characters, of which JavaScript makes its texts: a server that cuts one in the midst of an emoji
writes `\\ud83d` in one piece and `\\ude80` in the next.

JSON may hold them (RFC 8259, 8.2), though strict readers take none. What is read here has in the place of
each two characters that no text holds; what is written has the half again.
"""

import re
from typing import TypeVar

import msgspec

Told = TypeVar("Told")

_MARK = "\ufdd0".encode()  # no character, and never one: for use inside of programs (Unicode, 23.7)
_SHIFT = 0x800  # from the halves to as many private characters

_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # two that belong together
    rb"|\\u(?P<half>[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
_MARKED = re.compile(_MARK + rb"(\xee[\x80-\x9f][\x80-\xbf])")


def decode(decoder: msgspec.json.Decoder[Told], data: bytes) -> Told:
    """What strict JSON or such with halves holds. Raises as the decoder does."""
    try:
        return decoder.decode(data)
    except msgspec.DecodeError:
        return decoder.decode(_ESCAPE.sub(_marked, data))


def restored(written: bytes) -> bytes:
    """JSON with each half as it came; two that meet are one character to whoever reads it."""
    return _MARKED.sub(_half, written) if _MARK in written else written


def _marked(escape: re.Match[bytes]) -> bytes:
    return _MARK + chr(int(escape["half"], 16) + _SHIFT).encode() if escape["half"] else escape[0]


def _half(marked: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % (ord(marked[1].decode()) - _SHIFT)
