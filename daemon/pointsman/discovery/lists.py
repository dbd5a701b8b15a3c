"""How a list of models is asked for, where a dialect asks otherwise than OpenAI's does. Pure.

Anthropic's comes in pages: https://platform.claude.com/docs/en/api/models/list
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlencode

from pointsman.discovery.fields import is_name
from pointsman.types import Dialect
from pointsman.wire.anthropic_request import VERSION

MOST_PAGES = 20
PAGE = 1000  # models; the most that may be asked for at once


def _no_more(_pages: Sequence[object]) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Asked:
    """The query of the first page, and of the one after those that came; empty: that was all."""

    first: str = ""
    after: Callable[[Sequence[object]], str] = _no_more
    headers: Mapping[str, str] = field(default_factory=dict)


def _next_page(pages: Sequence[object]) -> str:
    """Bounded, whatever a server says; one that names the same last model again has no more."""
    last, *before = (_last_id(page) for page in reversed(pages))
    if not last or last in before or len(pages) >= MOST_PAGES:
        return ""
    return "?" + urlencode({"limit": PAGE, "after_id": last})


def _last_id(page: object) -> str:
    if not isinstance(page, dict) or page.get("has_more") is not True:
        return ""
    last = page.get("last_id")
    return last if is_name(last) else ""


PLAIN = Asked()
LISTS: Mapping[Dialect, Asked] = MappingProxyType(
    {Dialect.ANTHROPIC: Asked(f"?limit={PAGE}", _next_page, {"anthropic-version": VERSION})}
)
