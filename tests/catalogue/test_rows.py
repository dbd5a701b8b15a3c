"""What rows say of prompts."""

import pytest

from pointsman.catalogue.providers import provider
from pointsman.types import Tier


@pytest.mark.parametrize(
    ("name", "tier", "trains"),
    [
        ("openai", Tier.PAID, False),
        ("groq", Tier.FREE, False),
        ("gemini", Tier.FREE, True),
        ("gemini", Tier.PAID, None),  # its key does not say whether anybody pays
        ("openrouter", Tier.FREE, True),
        ("openrouter", Tier.PAID, None),
        ("llama-server", Tier.LOCAL, False),
    ],
)
def test_who_trains_on_prompts_depends_on_who_pays(name: str, tier: Tier, trains: bool | None) -> None:
    row = provider(name)
    assert row is not None
    assert row.trains_on(tier, row.base_url) is trains


def test_behind_another_address_is_anybody() -> None:
    row = provider("openai")
    assert row is not None
    assert row.trains_on(Tier.PAID, "https://proxy.example/v1") is None
