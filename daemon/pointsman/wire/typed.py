"""What a user typed himself: of a message the texts, and of a text that which no program put around it."""

from pointsman.chat import Message, PartKind, Role

# Blocks that programs put before or after what their user typed, or send in its place.
_BLOCKS = tuple(
    (f"<{name}>", f"</{name}>")
    for name in (
        "system-reminder",  # Claude Code
        "local-command-stdout",
        "local-command-caveat",
        "command-message",
        "ide_opened_file",
        "ide_selection",
        "environment_details",  # Cline, Roo Code
        "environment_context",  # Codex
        "user_instructions",
        "reminderInstructions",  # Copilot
        "attachments",
        "additional_data",  # Cursor
    )
)
_OPENED = tuple(opened for opened, _ in _BLOCKS)
_CLOSED = tuple(closed for _, closed in _BLOCKS)
_MOST_BLOCKS = 16  # at either end
_BETWEEN = 64  # characters of white space between two of them, at the most


def typed_in(message: Message) -> list[str]:
    """None of it is empty; what a tool brought is not the user's."""
    if message.role is not Role.USER:
        return []
    return [text for part in message.parts if part.kind is PartKind.TEXT and (text := typed(part.text))]


def typed(text: str) -> str:
    """A text without the blocks that were put before and after it."""
    start, end = typed_span(text)
    return text[start:end]


def typed_span(text: str) -> tuple[int, int]:
    """Where that begins and ends."""
    start, end = _trimmed(text, 0, len(text))
    for _ in range(_MOST_BLOCKS):
        rest = _past_block(text, start, end), end
        rest = rest[0], _before_block(text, *rest)
        if rest == (start, end):
            break
        start, end = rest
    return _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without the white space at either end."""
    left = text[start:end].lstrip()
    return end - len(left), end - len(left) + len(left.rstrip())


def _past_block(text: str, start: int, end: int) -> int:
    blank = text[start : min(end, start + _BETWEEN)]
    begin = start + len(blank) - len(blank.lstrip())
    if text.startswith(_OPENED, begin, end):
        for opened, closed in _BLOCKS:
            if text.startswith(opened, begin, end) and (found := text.find(closed, begin, end)) >= 0:
                return found + len(closed)
    return start


def _before_block(text: str, start: int, end: int) -> int:
    blank = text[max(start, end - _BETWEEN) : end]
    finish = end - len(blank) + len(blank.rstrip())
    if text.endswith(_CLOSED, start, finish):
        for opened, closed in _BLOCKS:
            if text.endswith(closed, start, finish) and (found := text.rfind(opened, start, finish)) >= 0:
                return found
    return end
