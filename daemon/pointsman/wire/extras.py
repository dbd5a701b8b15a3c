"""What a request asks for that costs something beside its tokens, by the words of `Price.unpriced`.

- searches and other tools that run at the server: OpenAI's and Anthropic's by their types, Anthropic's
  `mcp_servers`, OpenRouter's `plugins`, xAI's `search_parameters`. They bring tokens into the prompt that
  nobody can count before. What a client runs itself costs tokens alone; a tool of a kind that is not known
  here is taken for the server's;
- a tier of service that is dearer: https://developers.openai.com/api/docs/guides/fast-mode, Anthropic's
  `speed`. The cheaper ones (`flex`) are counted like the usual one;
- Anthropic's `inference_geo`: a tenth more where it names a place
  (https://platform.claude.com/docs/en/about-claude/pricing);
- OpenRouter's `models`, any of which may answer in the place of the one that was chosen;
- answers in sound or pictures (`modalities`).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import msgspec

from pointsman.wire.foreign import NOTHING
from pointsman.wire.openai_usage import UNREADABLE

SERVER_TOOL = "server tool"

# Tools that the client runs, which cost what their tokens do. Anthropic's end with a date.
_CLIENTS = re.compile(r"(?:function|custom|(?:bash|text_editor|computer|memory)_\d+)?")
_USUAL = ('""', '"auto"', '"default"', '"flex"', '"standard"', '"standard_only"', '"batch"')
_ANYWHERE = ('""', '"global"', '"none"')
_FUNCTIONS = (b'{"type":"function"', b'{"type": "function"')
_CACHED = b'"cache_control"'  # a key: within a text the quotes are escaped
_FOR_AN_HOUR = re.compile(rb'"ttl"\s*:\s*"1h"')


class _Kind(msgspec.Struct):
    type: str = ""
    id: str = ""  # of a plugin


_kind = msgspec.json.Decoder(_Kind)
_kinds = msgspec.json.Decoder(list[_Kind])
_words = msgspec.json.Decoder(list[str])


def read_extras(
    fields: Mapping[str, msgspec.Raw], tools: Sequence[msgspec.Raw] | None = None
) -> frozenset[str]:
    """What can't be read is taken for what costs something: some server may read it."""
    given = ((fields[name], read) for name, read in _READERS.items() if name in fields)
    words = {word for raw, read in given if bytes(raw) not in NOTHING for word in read(raw)}
    return frozenset(words.union(_tools(tools or ())))


def read_caching(body: bytes) -> tuple[bool, bool]:
    """Whether a request marks something to be kept in a cache, and some of that for an hour."""
    marked = _CACHED in body
    return marked, marked and _FOR_AN_HOUR.search(body) is not None


def _tools(tools: Sequence[msgspec.Raw]) -> Iterator[str]:
    """What begins like a function is one, and is not read to its end."""
    for raw in tools:
        if not bytes(raw).startswith(_FUNCTIONS):
            kind = _kind_of(raw)
            if not _CLIENTS.fullmatch(kind):
                yield _server_tool(kind)


def _kind_of(raw: msgspec.Raw) -> str:
    try:
        return _kind.decode(raw).type
    except UNREADABLE:
        return SERVER_TOOL


def _server_tool(kind: str) -> str:
    if kind.startswith("file_search"):
        return "file search"
    return "web search" if "search" in kind and "tool_search" not in kind else SERVER_TOOL


def _plugins(raw: msgspec.Raw) -> list[str]:
    try:
        return ["web search" if one.id == "web" else SERVER_TOOL for one in _kinds.decode(raw)]
    except UNREADABLE:
        return [SERVER_TOOL]


def _servers(raw: msgspec.Raw) -> list[str]:
    return [] if bytes(raw) == b"[]" else [SERVER_TOOL]


def _search(raw: msgspec.Raw) -> list[str]:
    return [] if re.search(rb'"mode"\s*:\s*"off"', raw) else ["web search"]


def _others(raw: msgspec.Raw) -> list[str]:
    return [] if bytes(raw) == b"[]" else ["another model"]


def _modalities(raw: msgspec.Raw) -> list[str]:
    try:
        wanted = _words.decode(raw)
    except UNREADABLE:
        return ["audio", "images"]
    return [word for name, word in (("audio", "audio"), ("image", "images")) if name in wanted]


def _unless(usual: tuple[str, ...], word: str) -> Callable[[msgspec.Raw], list[str]]:
    def read(raw: msgspec.Raw) -> list[str]:
        return [] if bytes(raw).decode("utf-8", "replace") in usual else [word]

    return read


_READERS: Mapping[str, Callable[[msgspec.Raw], list[str]]] = MappingProxyType(
    {
        "plugins": _plugins,
        "web_search_options": lambda _: ["web search"],
        "search_parameters": _search,
        "mcp_servers": _servers,
        "models": _others,
        "modalities": _modalities,
        "service_tier": _unless(_USUAL, "service tier"),
        "speed": _unless(('""', '"standard"'), "service tier"),
        "inference_geo": _unless(_ANYWHERE, "inference region"),
    }
)
