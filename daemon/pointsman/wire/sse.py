"""Server-sent events, cut out of bytes as they come (WHATWG HTML, "Server-sent events").

Chunk boundaries may fall anywhere: inside a character, inside `data:`, between CR and LF.
"""

import re

from pointsman.errors import broken

WAITING = b": waiting\n\n"  # a comment, which readers pass over

LARGEST_BLOCK = 16 * 1024 * 1024  # bytes without a blank line: no engine's event, rather a runaway body

_BOM = "\ufeff".encode()  # which a stream may begin with; it means nothing
_BLANK_LINE = re.compile(rb"\n(?:\n|\r\n?)|\r\r\n?")  # the end of one line end, and another
_BEGINNING = re.compile(rb"\s*(?:data|event)?:")
_LINE_END = re.compile(rb"\r\n|\n|\r")


class Splitter:
    """Feed it bytes; it gives the blocks that are complete, without the blank line that ends each."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._begun = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Raises UpstreamError when a block grows beyond `LARGEST_BLOCK`."""
        return self._bare(self._cut(chunk))

    def end(self) -> list[bytes]:
        """What was left without a blank line when the stream ended: some servers forget the last one."""
        rest, self._rest = bytes(self._rest.strip(b"\r\n")), bytearray()
        return self._bare([rest] if rest else [])

    def _bare(self, blocks: list[bytes]) -> list[bytes]:
        """Without the mark that the first of them may begin with."""
        if blocks and not self._begun:
            self._begun = True
            blocks[0] = blocks[0].removeprefix(_BOM)
        return blocks

    def _cut(self, chunk: bytes) -> list[bytes]:
        if not self._rest and chunk.endswith(b"\n\n") and b"\r" not in chunk:  # as most servers send
            return [bare for block in chunk.split(b"\n\n") if (bare := block.strip(b"\n"))]
        searched = max(0, len(self._rest) - 1)  # no blank line begins before: each byte is looked at once
        self._rest += chunk
        blocks: list[bytes] = []
        begin = 0
        for blank in _BLANK_LINE.finditer(self._rest, searched):
            blocks.append(bytes(self._rest[begin : blank.start()].strip(b"\r\n")))
            begin = blank.end()
        del self._rest[:begin]
        if len(self._rest) > LARGEST_BLOCK:
            raise broken(f"an event of the stream is larger than {LARGEST_BLOCK >> 20} MiB")
        return [block for block in blocks if block]


def is_stream(body: bytes) -> bool:
    """Whether a body is events rather than JSON, as far as its beginning tells."""
    return _BEGINNING.match(body) is not None


def data_of(block: bytes) -> bytes | None:
    """The block's data; None if it holds none (a comment, say).

    A field named `error` becomes data that holds an error: older llama-server builds report a failure so.
    """
    if block.startswith(b"data: ") and b"\n" not in block and b"\r" not in block:
        return block[6:]
    found = [
        b'{"error":%b}' % value if name == b"error" else value.removeprefix(b" ")
        for name, colon, value in (line.partition(b":") for line in _LINE_END.split(block))
        if name in (b"data", b"error") and colon
    ]
    return b"\n".join(found) if found else None


def event(data: bytes) -> bytes:
    """One event, as it goes to a client: JSON that was sent in several lines goes on in several."""
    return b"data: " + data.replace(b"\n", b"\ndata: ") + b"\n\n"
