"""Who is asked: the sections that name providers and what their models cost."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from pointsman.config.fields import (
    Count,
    Flag,
    Key,
    Names,
    Section,
    Unset,
    Url,
    Usd,
    WholeNumber,
    Word,
)
from pointsman.config.timeouts import OwnTimeouts
from pointsman.money import Price, to_nano
from pointsman.types import Dialect, Tier

IGNORED = "Accepted and ignored: what remains is tracked at run time."


class Plan(StrEnum):
    """What its account pays for a provider's models."""

    FREE = "free"
    PAID = "paid"


class ProviderConfig(Section):
    api_base: Annotated[Url | None, Unset("the provider's own")] = Field(
        default=None,
        description="Where its API is, with the version in the path; a slash at the end makes no difference. "
        "`unix:/path` is a server on a Unix socket, its API at /v1.",
    )
    api_key: Annotated[Key | None, Unset("none is sent")] = Field(
        default=None,
        description="Its key, or better where the key is: `env:NAME`, `file:PATH`, `keyring:NAME`. "
        "Never shown, logged or exported.",
    )
    kind: Annotated[Word[Dialect] | None, Unset("the provider's own, else openai")] = Field(
        default=None,
        description="The dialect it speaks. What speaks `anthropic` is asked by /v1/messages alone.",
    )
    tier: Annotated[
        Word[Tier] | None, Unset("the provider's own; a recognised local engine: local; else paid")
    ] = Field(default=None, description="The tier of its models.")
    plan: Annotated[Word[Plan] | None, Unset("not known: what it lists as free is free")] = Field(
        default=None,
        description="The plan of its key. On a `free` one of Gemini, Groq, Mistral or Cerebras all its "
        "models are free, and asked no more often than the provider is known to allow. Of others it does "
        "nothing.",
    )
    trains: Annotated[Flag | None, Unset("what is known of the provider; else it counts as true")] = Field(
        default=None,
        description="Whether it may train on prompts: requests marked `no-train` go to it only with false.",
    )
    models: Annotated[Names, Unset("what it lists")] = Field(
        default=(), description="The models to use, by the names that it gives them."
    )
    rate_limit_rpm: Annotated[Count | None, Unset("the provider's own, else what its answers tell")] = Field(
        default=None,
        description="Most requests in a minute, of all its models together: the next one is not made. "
        "Where its free models are known to be allowed fewer, that holds.",
    )
    rate_limit_remaining: Annotated[WholeNumber | None, Unset("nothing")] = Field(
        default=None, description=IGNORED
    )
    timeouts: Annotated[OwnTimeouts | None, Unset("those of [timeouts]")] = Field(
        default=None, description="How long is waited for it, where that is not as for all."
    )


class PriceConfig(Section):
    """US dollars per million tokens, as price lists give them; what is left out is unknown, never 0."""

    input: Annotated[Usd | None, Unset("unknown")] = Field(
        default=None, description="Per million tokens of the prompt."
    )
    output: Annotated[Usd | None, Unset("unknown")] = Field(
        default=None, description="Per million tokens of the answer, reasoning included."
    )
    cache_read: Annotated[Usd | None, Unset("unknown")] = Field(
        default=None, description="Per million tokens of the prompt that were read from a cache."
    )
    cache_write: Annotated[Usd | None, Unset("unknown")] = Field(
        default=None, description="Per million tokens of the prompt that were written to a cache."
    )
    cache_write_hour: Annotated[Usd | None, Unset("unknown")] = Field(
        default=None,
        description="Per million tokens of the prompt that were written to a cache to be kept for an hour.",
    )
    audio: Annotated[Usd | None, Unset("as text")] = Field(
        default=None, description="Per million tokens of the prompt that are audio."
    )
    audio_output: Annotated[Usd | None, Unset("as text")] = Field(
        default=None, description="Per million tokens of the answer that are audio."
    )
    request: Usd = Field(default=Decimal(0), description="Per request, on top of its tokens.")

    def to_price(self) -> Price:
        return Price(
            input=_nano(self.input),
            output=_nano(self.output),
            cache_read=_nano(self.cache_read),
            cache_write=_nano(self.cache_write),
            cache_write_hour=_nano(self.cache_write_hour),
            audio=_nano(self.audio),
            audio_output=_nano(self.audio_output),
            request=to_nano(self.request),
        )


def _nano(usd: Decimal | None) -> int | None:
    return None if usd is None else to_nano(usd)
