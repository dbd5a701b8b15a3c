"""Prices, tokens and what they come to: integers throughout, in nano-dollars."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

NANO = 1_000_000_000  # nano-dollars in a dollar
MOST = 1_000_000 * NANO  # of one answer: no more is believed, nor held by the ledger
DAY = 86_400  # seconds
PROMPT_SHARE = 3  # tokens read for each that is written, of usual requests

MEDIA = frozenset({"audio", "images", "video"})  # counted in tokens, though not always at the price of text
APART = MEDIA | {"web search", "file search"}  # what costs nothing where it is not asked for


@dataclass(frozen=True, slots=True)
class Price:
    """Nano-dollars per million tokens; `request` is nano-dollars for each.

    A tier's price is whole: it holds for all of a request, prompt and answer, not for the tokens beyond its
    limit alone. So do genai-prices 0.2.3 (`TieredPrices`) and Perplexity's list of OpenAI's and xAI's models
    (docs.perplexity.ai/docs/gateway/models, read 2026-11-21) tell of them. A time of day holds on all days of
    the week: who has dearer hours on some days only is counted too high on the others.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_hour: int | None = None  # what is kept for an hour instead of minutes
    audio: int | None = None  # of a prompt; None: it costs what text does
    audio_output: int | None = None  # of an answer, likewise
    request: int = 0
    tiers: tuple["PriceTier", ...] = ()  # prices that hold instead; the last one counts
    unpriced: tuple[str, ...] = ()  # what costs otherwise than its tokens would as text: audio, web search

    def at(self, prompt_tokens: int, wall: float) -> "Price":
        """The price of one request; `wall` is when it was answered, in seconds since 1970."""
        holding = [tier.price for tier in self.tiers if tier.holds(prompt_tokens, wall)]
        return holding[-1] if holding else self

    @property
    def usual(self) -> int | None:
        """One figure to compare prices by: of a million tokens of usual requests. None: unknown."""
        if self.input is None or self.output is None:
            return None
        return (PROMPT_SHARE * self.input + self.output) // (PROMPT_SHARE + 1)

    def covers_cached_audio(self, cost: int) -> bool:
        """Whether audio that is read from a cache at that cost is never charged too little: `Usage._read`.

        It is charged as audio where text would have been read from the cache, or for less than that.
        """
        if self.input is None:
            return False
        read = self.input if self.cache_read is None else self.cache_read
        return cost - read <= (0 if self.audio is None else self.audio - self.input)


@dataclass(frozen=True, slots=True)
class PriceTier:
    """A price for prompts of at least so many tokens, or between two times of day."""

    price: Price
    above: int = 0  # tokens
    utc_start: int | None = None  # seconds after midnight in UTC; an end that is no later is tomorrow's
    utc_end: int | None = None

    def holds(self, prompt_tokens: int, wall: float) -> bool:
        if prompt_tokens < self.above:
            return False
        if self.utc_start is None or self.utc_end is None:
            return True
        since = (wall - self.utc_start) % DAY
        return since < ((self.utc_end - self.utc_start) % DAY or DAY)


def dearest_of(prices: Iterable[Price]) -> Price:
    """A price that none of these is above, at no time and for no prompt. What is unknown counts as 0."""
    every = [one for price in prices for one in (price, *(tier.price for tier in price.tiers))]
    return Price(
        input=max((one.input or 0 for one in every), default=0),
        output=max((one.output or 0 for one in every), default=0),
        request=max((one.request for one in every), default=0),
    )


NOTHING_TO_PAY = Price(input=0, output=0, cache_read=0, cache_write=0, cache_write_hour=0)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens. `input` counts all of the prompt, what was read from a cache or written to one included.

    `cache_write_hour`: how much of `cache_write` is kept for an hour. `told`: nano-dollars that its provider
    says it cost, in an answer of whoever says such things.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_hour: int = 0
    reasoning: int = 0
    audio: int = 0  # of `input`
    audio_output: int = 0  # of `output`
    estimated: bool = False
    told: int | None = None

    def cost(self, price: Price, wall: float) -> int | None:
        """Nano-dollars at that time of day; None when a price that is needed is unknown."""
        return self._sum(price.at(self.input, wall))

    def cost_least(self, price: Price) -> int | None:
        """Nano-dollars at whatever time of day that is cheapest."""
        sums = [self._sum(one) for one in (price, *(tier.price for tier in price.tiers))]
        return min((one for one in sums if one is not None), default=None)

    def _sum(self, price: Price) -> int | None:
        """Numerators are summed, and rounded up once.

        A provider that reports more of the prompt cached than there was of it is charged for no less. To
        write to a cache costs more than the prompt itself: no other price stands in for that one.
        """
        audio, read = self._audio(price), self._read(price)
        spoken = 0 if price.audio_output is None else min(self.audio_output, self.output)
        parts = (
            (max(self.input - read - self.cache_write - audio, 0), price.input),
            (read, price.input if price.cache_read is None else price.cache_read),
            (max(self.cache_write - self.cache_write_hour, 0), price.cache_write),
            (self.cache_write_hour, price.cache_write_hour),
            (audio, price.audio),
            (self.output - spoken, price.output),
            (spoken, price.audio_output),
        )
        sums = [tokens * per_million for tokens, per_million in parts if tokens and per_million is not None]
        if len(sums) < sum(1 for tokens, _ in parts if tokens):
            return None
        return -(-sum(sums) // 1_000_000) + price.request

    def _audio(self, price: Price) -> int:
        """What is charged as audio: none where that costs what text does, and nothing that was written."""
        return 0 if price.audio is None else min(self.audio, max(self.input - self.cache_write, 0))

    def _read(self, price: Price) -> int:
        """What is charged as read from a cache.

        Nobody says how much of the audio was read from one. As little as possible is taken to have been
        both, and that is charged as audio: so each token counts once, none is left out, and where audio is
        dearer than text, of all readings this is the dearest.
        """
        audio = self._audio(price)
        both = max(self.cache_read + self.cache_write + audio - self.input, 0)
        return self.cache_read - min(both, audio, self.cache_read)


def unpriced_for(price: Price, wanted: frozenset[str]) -> tuple[str, ...]:
    """What a request would cost that nobody can tell: `wanted` is all it asks for but text.

    What has a charge of its own, or a dearer token, matters only to who wants it; any other word always does.
    What no price knows of matters to whom it is wanted by: all but what is counted in tokens.
    """
    always = tuple(word for word in price.unpriced if word in wanted or word not in APART)
    more = sorted(word for word in wanted if word not in MEDIA and word not in always)
    return (*always, *more)


def to_nano(usd: Decimal) -> int:
    """Exact for an amount with at most 9 decimals."""
    return int(usd * NANO)


def in_dollars(nano: int) -> str:
    """For people: `$0.42`; of less than ten cents as many digits as show two figures."""
    if nano == 0:
        return "$0"
    digits = 2
    while digits < 9 and nano * 10**digits < 10 * NANO:
        digits += 1
    return f"${nano / NANO:,.{digits}f}"


def to_dollars(nano: int) -> str:
    """Exact: `3000000000` is `3`, `150000000` is `0.15`."""
    whole, part = divmod(nano, NANO)
    return f"{whole}.{part:09d}".rstrip("0").rstrip(".")
