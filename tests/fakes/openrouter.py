"""A fake OpenRouter: two models that cost nothing, three that cost money, and a page about the key.

async with FakeOpenRouter() as cloud:
    OPENROUTER_BASE_URL = cloud.api_base, OPENROUTER_API_KEY = cloud.key
    cloud.figures = {"is_free_tier": False}  # what it tells of the key from now on; None: there is no page
"""

import asyncio

from tests.fakes import answers
from tests.fakes.answers import Json
from tests.fakes.engine import PATIENCE, FakeEngine, Seen, as_json
from tests.fakes.faults import Fault, Kind, Reply

FREE = ("maker/gift:free", "maker/present:free")
PAID = ("maker/small", "maker/large", "maker/huge")
KEY = "sk-or-v1-fake"
NOTHING = {"prompt": "0", "completion": "0"}
PRICED = {"prompt": "0.0000005", "completion": "0.000002"}


class FakeOpenRouter(FakeEngine):
    def __init__(self) -> None:
        super().__init__(*FREE, *PAID, llama=False, key=KEY)
        self.figures: Json | None = {"label": "sk-or-...", "is_free_tier": True, "limit": None}

    @property
    def environ(self) -> dict[str, str]:
        """How a daemon comes to know of it."""
        return {"OPENROUTER_BASE_URL": self.api_base, "OPENROUTER_API_KEY": KEY}

    async def key_question(self, number: int = 1) -> None:
        """Waits until it has been asked about the key so many times, and has answered."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: len(self._about_key()) >= number)
        await self._about_key()[number - 1].ended.wait()

    def _about_key(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == "/v1/key"]

    def _answer(self, seen: Seen) -> Reply:
        if (seen.method, seen.path) == ("GET", "/v1/models"):  # for everybody
            return as_json(self._listing())
        reply = super()._answer(seen)
        if seen.path == "/v1/key" and reply.status == 404 and self.figures is not None:
            return as_json({"data": self.figures})
        return reply

    def _listing(self) -> Json:
        return {"data": [_row(name) for name in self.models]}


def day_used_up(most: int, reset: float) -> Fault:
    """As it refuses; the limits' headers are in the body. `reset`: wall clock, seconds."""
    headers = {"X-RateLimit-Limit": str(most), "X-RateLimit-Remaining": "0"}
    headers["X-RateLimit-Reset"] = f"{reset * 1000:.0f}"
    words = (
        "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day"
    )
    body = {"error": {"message": words, "code": 429, "metadata": {"headers": headers}}}
    return Fault(Kind.STATUS, status=429, body=body)


def _row(name: str) -> Json:
    return {
        "id": name,
        "name": name,
        "created": answers.CREATED,
        "context_length": 32_768,
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "pricing": NOTHING if name in FREE else PRICED,
        "top_provider": {"context_length": 32_768, "max_completion_tokens": 4096},
        "supported_parameters": ["max_tokens", "tools", "temperature"],
    }
