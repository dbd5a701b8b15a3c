"""The real lists of two gateways, read a second time here, in the plainest way, and compared field by field.

The lists are too large for the repository: where they are not beside it, these tests are skipped.
"""

import json
from decimal import Decimal
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from pointsman.discovery.listing import Listed, Listing, read_models
from pointsman.money import NOTHING_TO_PAY, Price
from pointsman.types import Ability, Modality, flag_names

DATA = Path(__file__).parents[3] / "shared" / "data"
PARTS = {
    "input": "prompt",
    "output": "completion",
    "cache_read": "input_cache_read",
    "cache_write": "input_cache_write",
    "cache_write_hour": "input_cache_write_1h",
    "audio": "audio",
    "audio_output": "audio_output",
}
VERCEL = {
    "input": "input",
    "output": "output",
    "audio": "audio_input_token_cost",
    "audio_output": "audio_output_token_cost",
} | {name: key for name, key in PARTS.items() if name in ("cache_read", "cache_write")}
NOON = 12 * 3600


def rows(name: str) -> list[dict[str, Any]]:
    if not (DATA / name).exists():
        pytest.skip(f"{DATA / name} is not there: the real list of this gateway")
    found = json.loads((DATA / name).read_text(encoding="utf-8"))
    entries: list[dict[str, Any]] = found["data"] if isinstance(found, dict) else found
    return entries


def listing(entries: list[dict[str, Any]]) -> Listing:
    read = read_models({"object": "list", "data": entries})
    assert read is not None
    return read


def nano(usd: object) -> int | None:
    """USD per token as nano-dollars per million: by fractions, which round nothing."""
    return None if usd is None else ceil(Fraction(str(usd)) * 10**15)


def stated(price: Price) -> dict[str, int | None]:
    return {name: getattr(price, name) for name in PARTS}


def costs(pricing: dict[str, Any], keys: dict[str, str] = PARTS) -> dict[str, int | None]:
    told: dict[str, int | None] = dict.fromkeys(PARTS)
    return told | {name: nano(pricing.get(key)) for name, key in keys.items()}


@pytest.fixture(scope="module")
def openrouter() -> list[dict[str, Any]]:
    return rows("openrouter-models.json")


@pytest.fixture(scope="module")
def vercel() -> list[dict[str, Any]]:
    return rows("vercel-models.json")


def test_none_of_openrouters_models_is_lost(openrouter: list[dict[str, Any]]) -> None:
    read = listing(openrouter)
    names = [name for model in read.models for name in (model.served_as, *model.aliases)]
    assert sorted(names) == sorted(row["id"] for row in openrouter)
    assert len(names) == 415
    assert read.notes == ()


def test_no_price_of_openrouters_is_wrong(openrouter: list[dict[str, Any]]) -> None:
    models = {model.served_as: model for model in listing(openrouter).models}
    checked = 0
    for row in openrouter:
        if (model := models.get(row["id"])) is None:
            assert "alias_target" in row
            continue
        _compare(model, row)
        checked += 1
    assert checked == 403


def _compare(model: Listed, row: dict[str, Any]) -> None:
    pricing = row["pricing"]
    costs_nothing = all(Decimal(cost) == 0 for key, cost in pricing.items() if key != "overrides")
    if costs_nothing:
        makes_sounds = "audio" in row["architecture"]["output_modalities"]
        assert (model.free, model.price) == ((False, None) if makes_sounds else (True, NOTHING_TO_PAY))
        return
    assert not model.free
    assert model.price is not None
    assert stated(model.price) == costs(pricing), row["id"]
    assert model.price.request == 0
    for rule in pricing.get("overrides", []):
        tokens = rule.get("min_prompt_tokens", 0)
        hour, minute = divmod(rule.get("utc_start", 1200), 100)
        at = model.price.at(tokens, hour * 3600 + minute * 60)
        assert stated(at) == costs(pricing | rule), (row["id"], rule)
    least = min((rule.get("min_prompt_tokens", 0) for rule in pricing.get("overrides", [])), default=0)
    if least:
        assert stated(model.price.at(least - 1, NOON)) == costs(pricing)
    assert ("web search" in model.price.unpriced) is (Decimal(pricing.get("web_search", "0")) > 0)
    assert "audio" not in model.price.unpriced, row["id"]


def test_what_openrouters_models_can_do_is_as_it_says(openrouter: list[dict[str, Any]]) -> None:
    models = {model.served_as: model for model in listing(openrouter).models}
    for row in openrouter:
        if (model := models.get(row["id"])) is None:
            continue
        takes = set(row["supported_parameters"])
        assert (Ability.TOOLS in model.has) is ("tools" in takes)
        assert (Ability.JSON in model.has) is bool(takes & {"response_format", "structured_outputs"})
        assert (Ability.THINKING in model.has) is bool(takes & {"reasoning", "include_reasoning"})
        assert not model.has & model.lacks
        talks = not (row["id"].endswith(":batch") or "lyria" in row["id"])
        assert (Ability.CHAT in model.lacks) is not talks
        assert set(flag_names(model.reads or Modality.NONE)) == set(row["architecture"]["input_modalities"])
        top = row["top_provider"]["context_length"] or row["context_length"]
        assert model.context == min(row["context_length"], top)
        assert model.max_output == row["top_provider"]["max_completion_tokens"]
        assert (str(model.ends) if model.ends else None) == row["expiration_date"]


def test_eighteen_names_and_one_zero_price_are_free(openrouter: list[dict[str, Any]]) -> None:
    free = [model.served_as for model in listing(openrouter).models if model.free]
    assert len(free) == 19
    assert [name for name in free if not name.endswith(":free")] == ["stealth/ox-alpha"]


def test_none_of_vercels_models_is_lost_and_only_the_free_one_is_free(vercel: list[dict[str, Any]]) -> None:
    read = listing(vercel)
    assert [model.served_as for model in read.models] == [row["id"] for row in vercel]
    assert read.notes == ()
    assert [model.served_as for model in read.models if model.free] == ["poolside/laguna-s-2.1-free"]


def test_no_price_of_vercels_is_wrong(vercel: list[dict[str, Any]]) -> None:
    for model, row in zip(listing(vercel).models, vercel, strict=True):
        pricing = row.get("pricing", {})
        if model.free or "input" not in pricing:
            assert model.free or model.price is None
            continue
        assert model.price is not None
        assert stated(model.price) == costs(pricing, VERCEL), row["id"]
        steps = {step.get("min", 0) for step in pricing.get("input_tiers", [])}
        for tokens in steps | {least - 1 for least in steps if least}:
            assert stated(model.price.at(tokens, NOON)) == costs(_at(pricing, tokens), VERCEL), row["id"]
        assert ("another provider behind it" in model.price.unpriced) is bool(
            pricing.get("varies_by_provider")
        )


def _at(pricing: dict[str, Any], tokens: int) -> dict[str, Any]:
    """What each key costs for a prompt of so many tokens."""
    told = {key: cost for key, cost in pricing.items() if isinstance(cost, str)}
    for key in VERCEL.values():
        for step in pricing.get(f"{key}_tiers", []):
            if step.get("min", 0) <= tokens < step.get("max", 10**12):
                told[key] = step["cost"]
    return told


def test_what_is_no_chat_model_at_vercels_is_none(vercel: list[dict[str, Any]]) -> None:
    for model, row in zip(listing(vercel).models, vercel, strict=True):
        assert (Ability.CHAT in model.lacks) is (row["type"] != "language"), row["id"]
        assert (Ability.EMBEDDINGS in model.has) is (row["type"] == "embedding"), row["id"]
        assert model.trains is (False if row["no_training"] == "all" else None)
