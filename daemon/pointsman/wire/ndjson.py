"""JSON in lines (https://github.com/ndjson/ndjson-spec), cut out of bytes as they come."""

from pointsman.errors import broken

LARGEST_LINE = 16 * 1024 * 1024  # bytes: no engine's, rather a runaway body


class Splitter:
    """Feed it bytes; it gives the lines that are complete and not empty."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Raises UpstreamError when a line grows beyond all measure."""
        *whole, rest = chunk.split(b"\n")
        if whole:
            whole[0] = bytes(self._rest) + whole[0]
            self._rest = bytearray(rest)
        else:
            self._rest += rest
        if len(self._rest) > LARGEST_LINE:
            raise broken(f"a line of the stream is larger than {LARGEST_LINE >> 20} MiB")
        return [line for line in whole if line.strip()]

    def end(self) -> list[bytes]:
        """What was left without a line's end when the stream was over."""
        rest, self._rest = bytes(self._rest), bytearray()
        return [rest] if rest.strip() else []
