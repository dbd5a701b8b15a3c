"""What a thousand models of clouds cost in memory."""

import gc
import tracemalloc

from pointsman.catalogue.registry import Registry
from pointsman.discovery.fields import decode
from pointsman.discovery.listing import Listing, read_models
from pointsman.discovery.overrides import Overrides
from pointsman.discovery.source import models_of
from pointsman.types import Endpoint, Finding, FoundBy, Place, Tier
from tests.fakes import clouds
from tests.fakes.answers import Json, compact

MOST = 10 * 2**20  # bytes


def test_a_thousand_models_of_clouds_take_less_than_ten_megabytes() -> None:
    body = compact(clouds.openrouter_list(*(_rich(f"maker-{number}/model") for number in range(1_000))))
    endpoint = Endpoint("cloud", "openrouter", Place("http://127.0.0.1:1/v1"), FoundBy.CONFIG, tier=Tier.PAID)
    registry = Registry()
    registry.place(Finding(endpoint, models_of(endpoint, _read(body).models[:1], Overrides())))
    gc.collect()
    tracemalloc.start()
    registry.place(Finding(endpoint, models_of(endpoint, _read(body).models, Overrides())))
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(registry.snapshot.models) == 1_000
    assert taken < MOST, f"{taken / 2**20:.1f} MiB"


def _read(body: bytes) -> Listing:
    listing = read_models(decode(body))
    assert listing is not None
    return listing


def _rich(name: str) -> Json:
    """With all that a list may say of its price."""
    later = {"min_prompt_tokens": 200_000, "prompt": "0.000004", "completion": "0.00002"}
    pricing = {"input_cache_read": "0.0000002", "web_search": "0.01", "overrides": [later]}
    return clouds.openrouter(name, "0.000002", "0.00001", pricing=pricing)
