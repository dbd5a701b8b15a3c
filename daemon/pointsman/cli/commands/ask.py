"""Ask a model: the answer streams to standard output; who answered and what it took go to standard error."""

import json
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from pointsman.cli import arguments as shared
from pointsman.cli.client import CutShort, DaemonRefused
from pointsman.cli.interrupt import heard_while_waiting
from pointsman.cli.shell import Shell
from pointsman.cli.show import Screen, count, duration

PATH = "/v1/chat/completions"


def arguments(parser: ArgumentParser) -> None:
    shared.prompt(parser)
    shared.where(parser)
    shared.as_json(parser)


class AnswerShape(TypedDict):
    """What `--json` prints: the whole answer at once, or nothing and an exit code of 1."""

    text: str
    model: str
    tier: str  # empty: not known
    decision: str  # for `pointsman why`
    finish: str
    seconds: float
    input_tokens: int | None
    output_tokens: int | None


@dataclass(slots=True)
class Heard:
    """What is known of an answer while it comes."""

    model: str
    tier: str
    decision: str
    pieces: list[str] = field(default_factory=list)
    finish: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def run(args: Namespace, shell: Shell) -> int:
    messages = [{"role": "user", "content": shell.prompt(args.prompt)}]
    options = {"stream": True, "stream_options": {"include_usage": True}}
    body = {"model": args.model, "messages": messages, **options}
    begun = time.monotonic()
    with heard_while_waiting(), shell.client(args).stream("POST", PATH, body) as stream:
        heard = _from_headers(stream.headers)
        if args.json:
            _listen(stream.lines, heard, lambda _: None)
            shell.screen.json(_shape(heard, time.monotonic() - begun))
        else:
            _read_out(stream.lines, heard, shell.screen)
            shell.screen.note(_summary(heard, time.monotonic() - begun))
    return 0


def _read_out(lines: Iterable[bytes], heard: Heard, screen: Screen) -> None:
    """An answer ends with its line, however it ends: what is said about it starts a new one."""
    try:
        _listen(lines, heard, screen.piece)
    finally:
        if heard.pieces and not heard.pieces[-1].endswith("\n"):
            screen.piece("\n")


def _from_headers(headers: Mapping[str, str]) -> Heard:
    """The model and tier are missing where the answer's head went out before a model was found."""
    return Heard(
        model=headers.get("X-Pointsman-Model", ""),
        tier=headers.get("X-Pointsman-Tier", ""),
        decision=headers.get("X-Pointsman-Decision", ""),
    )


def _listen(lines: Iterable[bytes], heard: Heard, tell: Callable[[str], None]) -> None:
    """Raises DaemonRefused for an error event, CutShort for a stream without its end."""
    for chunk in _chunks(lines):
        _note_facts(chunk, heard)
        if text := _text(chunk):
            heard.pieces.append(text)
            tell(text)


def _chunks(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if not line.startswith(b"data:"):
            continue
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            return
        yield _chunk(data)
    raise CutShort("the answer was cut short: it is not whole")


def _chunk(data: bytes) -> dict[str, Any]:
    try:
        chunk = json.loads(data)
    except ValueError:
        raise CutShort(f"the answer holds a line that is no JSON: {data[:80]!r}") from None
    if not isinstance(chunk, dict):
        raise CutShort(f"the answer holds a line that is no event: {data[:80]!r}")
    if error := chunk.get("error"):
        said = error.get("message") if isinstance(error, dict) else error
        raise DaemonRefused(f"the answer ended in an error: {said}", 200)
    return chunk


def _note_facts(chunk: dict[str, Any], heard: Heard) -> None:
    heard.model = heard.model or str(chunk.get("model") or "")
    if usage := chunk.get("usage"):
        heard.input_tokens, heard.output_tokens = usage.get("prompt_tokens"), usage.get("completion_tokens")
    for choice in chunk.get("choices") or ():
        heard.finish = choice.get("finish_reason") or heard.finish


def _text(chunk: dict[str, Any]) -> str:
    return "".join((choice.get("delta") or {}).get("content") or "" for choice in chunk.get("choices") or ())


def _summary(heard: Heard, seconds: float) -> str:
    who = f"{heard.model or 'unknown model'} ({heard.tier})" if heard.tier else heard.model or "unknown model"
    tokens = f"{count(heard.input_tokens, 'token')} in, {count(heard.output_tokens)} out"
    ended = "" if heard.finish in ("", "stop") else f"; it stopped because of {heard.finish}"
    return f"[{who}, {duration(seconds)}, {tokens}{ended}]"


def _shape(heard: Heard, seconds: float) -> AnswerShape:
    return AnswerShape(
        text=heard.text,
        model=heard.model,
        tier=heard.tier,
        decision=heard.decision,
        finish=heard.finish,
        seconds=round(seconds, 3),
        input_tokens=heard.input_tokens,
        output_tokens=heard.output_tokens,
    )
