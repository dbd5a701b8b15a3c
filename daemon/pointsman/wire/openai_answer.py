"""OpenAI's chat/completions and completions: what answers hold, and plain ones read, checked and made
ready to pass on.

Passed on are the very bytes of every field but `model`, which tells who answered.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from pointsman.calls import Call, Candidate, Empty, Frame, Whole
from pointsman.chat import WORDS, Event, EventKind
from pointsman.errors import Shuts, UpstreamError, broken
from pointsman.wire import halves
from pointsman.wire.foreign import refuse_error
from pointsman.wire.openai_usage import UNREADABLE, read_usage

LONGEST_NAME = 100  # characters of a foreign model's name that are repeated
NO_COMPLETION = "its answer is not a whole completion: it has no choices"
BROKEN_OFF = "its finish reason is `error`"  # OpenRouter's, where the model failed on the way


Odd = str | float | bool | list[Any] | None  # what may stand where an object should, and spoils nothing else


class Said(msgspec.Struct):
    """A message or a delta. `Any` where engines differ: text, null, or a list of parts."""

    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: Any = None
    audio: Any = None
    images: Any = None
    tool_calls: Any = None
    function_call: Any = None


class Choice(msgspec.Struct):
    """What a whole choice and a piece of one have in common."""

    index: Any = 0
    text: Any = None  # of a completion
    finish_reason: Any = None

    @property
    def number(self) -> int:
        return self.index if isinstance(self.index, int) else 0


class _WholeChoice(Choice):
    message: Said | None = None


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_choices = msgspec.json.Decoder(list[_WholeChoice] | None)
_json = msgspec.json.Encoder()


def read_whole(body: bytes, _call: Call, candidate: Candidate) -> Whole:
    """A plain answer, checked and said to be the candidate's. Raises UpstreamError."""
    return read_answer(body, candidate.model.id, candidate.model.known_as)


def read_answer(body: bytes, model: str, known_as: Collection[str] = ()) -> Whole:
    """Checks a plain answer, which is then said to be `model`'s.

    `known_as` are the names that it may give itself; none: any. Raises UpstreamError when it is broken,
    empty, another model's, or an error in disguise.
    """
    try:
        fields = read_fields(body, known_as)
        choices = _choices.decode(fields.get("choices", b"null")) or []
    except UNREADABLE as error:
        raise broken(f"its answer is not a whole completion: {error}") from None
    usage = read_usage(fields.get("usage"))
    events = [event for choice in choices for event in events_of(choice, choice.message)]
    if usage and usage.output and any(choice.finish_reason for choice in choices):
        events.append(Event(EventKind.ANSWERED))
    if any(event.kind is EventKind.ERROR for event in events):
        raise broken(f"it broke off: {BROKEN_OFF}")
    if not Frame(b"", tuple(events)).has_content:
        raise Empty(usage) if "choices" in fields else broken(NO_COMPLETION)
    return Whole(said_by(model, fields), usage, text_size(events))


def read_fields(body: bytes, known_as: Collection[str]) -> dict[str, msgspec.Raw]:
    """The top-level fields of a plain answer. Raises UpstreamError for an error in disguise or another's."""
    fields = halves.decode(_fields, body)
    refuse_error(fields.get("error", msgspec.Raw(b"")))
    demand_own(msgspec.json.decode(fields.get("model", b"null")), known_as)
    return fields


def said_by(model: str, fields: Mapping[str, msgspec.Raw]) -> bytes:
    """The answer with our name for its model, and every other field to the letter."""
    return halves.restored(_json.encode({**fields, "model": model}))


def demand_own(name: object, known_as: Collection[str]) -> None:
    """Raises UpstreamError when a model answers under another's name: its server has changed it."""
    if known_as and isinstance(name, str) and name not in known_as:
        raise UpstreamError(f"it answers as {name[:LONGEST_NAME]!r} now", shuts=Shuts.ENDPOINT)


def events_of(choice: Choice, said: Said | None) -> list[Event]:
    """What one choice says: its words of each sort, its tool calls, its end."""
    number = choice.number
    found = _words_of(said, number) if said is not None else []
    if choice.text:
        found.append(Event(EventKind.TEXT, number, _text(choice.text)))
    if choice.finish_reason == "error":
        found.append(Event(EventKind.ERROR, number, BROKEN_OFF))
    elif choice.finish_reason:
        found.append(Event(EventKind.FINISH, number))
    return found


def _words_of(said: Said, index: int) -> list[Event]:
    found: list[Event] = []
    if said.content:
        found.append(Event(EventKind.TEXT, index, _text(said.content)))
    if reasoning := said.reasoning_content or said.reasoning:
        found.append(Event(EventKind.REASONING, index, _text(reasoning)))
    if said.refusal:
        found.append(Event(EventKind.REFUSAL, index, _text(said.refusal)))
    if said.audio or said.images:
        found.append(Event(EventKind.MEDIA, index))
    if said.tool_calls or said.function_call:
        found += _calls_of(said, index)
    return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _calls_of(said: Said, index: int) -> list[Event]:
    """A call without a name is the rest of one, and no content of its own; its arguments count too."""
    calls = said.tool_calls if isinstance(said.tool_calls, list) else ()
    told = [call.get("function") for call in calls if isinstance(call, dict)]
    functions = [one for one in [*told, said.function_call] if isinstance(one, dict)]
    named = [Event(EventKind.TOOL_CALL, index)] if any(one.get("name") for one in functions) else []
    words = "".join(_text(one.get("arguments")) for one in functions)
    return [*named, Event(EventKind.ARGUMENTS, index, words)] if words else named


def text_size(events: list[Event]) -> int:
    return sum(len(event.text) for event in events if event.kind in WORDS)
