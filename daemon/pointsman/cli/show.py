"""How things look on a terminal, and in a pipe: aligned, whole, and safe in every locale.

What comes from upstream (names, errors, answers) may hold anything; control characters and the marks
that turn the direction of writing are shown by their number and never sent to a terminal.
"""

import json
import os
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TextIO

from pointsman.money import in_dollars

_TURNING = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))  # bidirectional overrides and isolates
_BREAKS = (0x2028, 0x2029)
_CONTROLS = MappingProxyType(
    {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
    | {code: f"\\u{code:04x}" for code in (*_TURNING, *_BREAKS)}
)
_BUT_LINES = MappingProxyType({code: _CONTROLS[code] for code in _CONTROLS if chr(code) not in "\n\t"})
_STYLES = MappingProxyType({"local": "32", "free": "33", "paid": "31", "dim": "2", "bold": "1"})
_GAP = "  "
BAR = 40  # columns
PAGE = 100  # columns that what is said in sentences keeps within
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


class Screen:
    """Where a command writes: `out` takes the result, `err` what is said about it."""

    def __init__(self, out: TextIO, err: TextIO, environ: Mapping[str, str]) -> None:
        self._out = out
        self._err = err
        self._page = min(PAGE, _width_of(out))
        self._colour = out.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"

    def line(self, text: str = "", style: str = "") -> None:
        """One line whatever `text` holds; `style` is a tier, `dim` or `bold`."""
        code = _STYLES.get(style) if self._colour else None
        shown = flat(text)
        _write(self._out, f"\x1b[{code}m{shown}\x1b[0m\n" if code else f"{shown}\n")

    def paragraph(self, text: str, style: str = "", indent: str = "") -> None:
        """A sentence on as many lines as it takes, the first of them not indented; no word is cut."""
        wrapper = textwrap.TextWrapper(
            self._page, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        for line in wrapper.wrap(flat(text)) or [""]:
            self.line(line, style)

    def piece(self, text: str) -> None:
        """A part of a streamed answer, shown at once."""
        _write(self._out, text.translate(_BUT_LINES))
        self._out.flush()

    def flush(self) -> None:
        self._out.flush()

    def note(self, text: str) -> None:
        """Something about the result, possibly of several lines."""
        self._out.flush()
        _write(self._err, text.translate(_BUT_LINES) + "\n")
        self._err.flush()

    def json(self, value: object) -> None:
        """For programs: ASCII, so that no locale can spoil it."""
        self._out.write(json.dumps(value, indent=2) + "\n")

    def json_line(self, value: object) -> None:
        """One of many values, each on a line of its own and at once."""
        self._out.write(json.dumps(value) + "\n")
        self._out.flush()

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        for number, text in enumerate(align(heads, rows)):
            self.line(text, style="" if number else "bold")


def _width_of(out: TextIO) -> int:
    """Columns of a terminal; of anything else as many as one likes."""
    try:
        return os.get_terminal_size(out.fileno()).columns or PAGE
    except (OSError, ValueError):
        return PAGE


def _write(stream: TextIO, text: str) -> None:
    """What the stream's encoding lacks, lone surrogates included, is shown by its number."""
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def flat(text: str) -> str:
    """On one line, without anything that a terminal would obey."""
    return text.translate(_CONTROLS)


def align(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as their widest cell; nothing is cut; a column without content is left out."""
    cells = [[flat(cell) for cell in row] for row in rows]
    kept = [i for i in range(len(heads)) if any(row[i] for row in cells)]
    lines = [[row[i] for i in kept] for row in ([heads, *cells] if kept else [])]
    widths = [max(map(width, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield _padded(line, widths)


class Columns:
    """Rows that come one by one: a column is as wide as its widest cell so far; nothing is cut."""

    def __init__(self, widths: Iterable[int]) -> None:
        self._widths = list(widths)

    def row(self, cells: Iterable[str]) -> str:
        row = [flat(cell) for cell in cells]
        self._widths = [max(wide, width(cell)) for wide, cell in zip(self._widths, row, strict=True)]
        return _padded(row, self._widths)


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=True))
    return _GAP.join(padded).rstrip()


def width(text: str) -> int:
    """Terminal columns: wide characters take two, combining and joining ones none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def duration(seconds: float) -> str:
    """`40 ms`, `3.2 s`, `12 s`, `3 min`, `2 h`, `5 d`: as exact as a person asks for."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 10 else f"{int(seconds)} s"


def ago(seconds: float) -> str:
    return "just now" if seconds < 1 else f"{duration(seconds)} ago"


def money(nano: int | None) -> str:
    """Dollars of nano-dollars."""
    return "unknown" if nano is None else in_dollars(nano)


def count(number: int | None, unit: str = "") -> str:
    """`1 model`, `1,204 tokens`, `? tokens`."""
    figure = "?" if number is None else f"{number:,}"
    return f"{figure} {unit}{'' if number == 1 else 's'}" if unit else figure


def per_cent(share: float) -> str:
    """`99 %` of what is not all used up."""
    return f"{int(share * 100 + 1e-9)} %"


def bar(share: float, marks: Iterable[float] = ()) -> str:
    """`[####......|.]`, with a mark at each share that one still has to come to."""
    full = int(min(share, 1.0) * BAR + 1e-9)
    ahead = {int(mark * BAR) for mark in marks if share < mark < 1}
    cells = ("#" if cell < full else "|" if cell in ahead else "." for cell in range(BAR))
    return f"[{''.join(cells)}]"


def size(number: int | None) -> str:
    """Bytes, as `2.4 GB`; empty for unknown."""
    if number is None:
        return ""
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"


def tier(word: str, trains: bool | None) -> str:
    """`free · may train`, where that is known."""
    return f"{word} · may train" if word in ("free", "paid") and trains else word
