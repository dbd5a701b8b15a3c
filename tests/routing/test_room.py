"""A model that is not loaded needs room."""

from dataclasses import replace
from typing import Any

import pytest

from pointsman.calls import Machine, Outlook, Wanted
from pointsman.routing.policy import decide
from pointsman.types import Endpoint, Model, ModelState, Place, Snapshot, Tier
from tests.routing.house import endpoint, model, snapshot, task

AUTO = Wanted("auto", chosen=True)
GB = 10**9


def at(url: str = "http://127.0.0.1:11434", id: str = "ollama") -> Endpoint:  # noqa: A002 - the field is called so
    return replace(endpoint(id), place=Place(url))


def cold(name: str = "big", size: float | None = 5, where: Endpoint | None = None, **facts: Any) -> Model:
    """One that is not loaded; sizes are in GB."""
    there = where or at()
    size_bytes = None if size is None else round(size * GB)
    usual = {"endpoint": there, "state": ModelState.UNLOADED, "size_bytes": size_bytes}
    return model(f"{there.id}/{name}", **{**usual, **facts})


def excluded(
    known: Snapshot, *, free: float | None = 4, wanted: Wanted = AUTO, on_battery: bool | None = None
) -> dict[str, tuple[str, str]]:
    machine = Machine(available=None if free is None else round(free * GB), on_battery=on_battery)
    decision = decide("d", wanted, task(), known, Outlook(machine=machine))
    return {id_: (one.rule, one.reason) for one in decision.excluded for id_ in one.models}


def test_what_is_not_loaded_and_does_not_fit_is_left_out_and_the_figures_are_told() -> None:
    [(rule, reason)] = excluded(snapshot(cold())).values()
    assert rule == "memory"
    assert reason == (
        "it is not loaded: it takes 5.0 GB of memory, and there are 4.0 GB for it "
        "(`[machine] memory = false`: that is not looked at)"
    )


def test_who_is_named_needs_room_too() -> None:
    named = Wanted("big", chosen=False, models=("ollama/big",), named=1)
    assert excluded(snapshot(cold()), wanted=named)["ollama/big"][0] == "memory"


@pytest.mark.parametrize(
    "one",
    [
        cold(size=4),
        cold(size=None),
        cold(state=ModelState.LOADED),
        cold(state=ModelState.SLEEPING),
        cold(tier=Tier.FREE),
        cold(where=at("http://10.0.0.7:11434")),
    ],
)
def test_what_fits_or_is_loaded_or_runs_elsewhere_or_is_not_known_may_answer(one: Model) -> None:
    assert excluded(snapshot(one)) == {}


def test_nothing_is_left_out_where_nobody_knows_what_is_free() -> None:
    assert excluded(snapshot(cold(size=900)), free=None) == {}


def test_what_the_engine_can_put_out_for_it_is_room() -> None:
    there = cold("there", 2, state=ModelState.LOADED)
    elsewhere = cold("there", 9, at("http://localhost:1234", "lm-studio"), state=ModelState.LOADED)
    assert excluded(snapshot(cold(), there)) == {}
    assert [*excluded(snapshot(cold(size=7), there, elsewhere))] == ["ollama/big"]
    unknown = cold("there", None, state=ModelState.LOADED)
    assert excluded(snapshot(cold(size=7), unknown)) == {}


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://localhost:1/v1", "http://[::1]:1", "http://127.9.9.9"]
)
def test_a_place_on_loopback_is_here(url: str) -> None:
    assert Place(url).is_here
    assert Place("http://far.example", socket="/run/engine.sock").is_here
    assert not Place("http://127.example").is_here


def test_on_battery_nothing_heavy_is_loaded_unless_it_is_named() -> None:
    heavy, light = cold("heavy", 1, parameters=14 * 10**9), cold("light", 1, parameters=8 * 10**9)
    loaded = cold("loaded", 1, parameters=14 * 10**9, state=ModelState.LOADED)
    known = snapshot(heavy, light, loaded)
    assert {id_: rule for id_, (rule, _) in excluded(known, on_battery=True).items()} == {
        "ollama/heavy": "battery"
    }
    assert excluded(known, on_battery=False) == {}
    assert excluded(known, on_battery=None) == {}
    named = Wanted("heavy", chosen=False, models=("ollama/heavy",), named=1)
    assert "ollama/heavy" not in excluded(known, on_battery=True, wanted=named)
