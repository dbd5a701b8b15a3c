"""What a server sends that compresses its answers: every part can be unpacked as soon as it has come."""

import zlib
from dataclasses import replace
from types import MappingProxyType

from tests.fakes.faults import Part, Reply

CODINGS = MappingProxyType({"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS})  # zlib's names for them


def packed(said: Reply, coding: str) -> Reply:
    packer = zlib.compressobj(wbits=CODINGS[coding])
    parts: list[Part] = [
        packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH) if isinstance(part, bytes) else part
        for part in said.parts
    ]
    headers = {**said.headers, "Content-Encoding": coding}
    return replace(said, parts=[*parts, packer.flush()], headers=headers)
