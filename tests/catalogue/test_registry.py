from dataclasses import replace

from pointsman.catalogue.registry import News, Registry
from pointsman.types import Endpoint, Finding, FoundBy, Health, Model, ModelState, Place, Tier


def endpoint(name: str = "llama-server", port: int = 8080, **fields: object) -> Endpoint:
    plain = Endpoint(name, name, Place(f"http://127.0.0.1:{port}/v1"), FoundBy.PORT, tier=Tier.LOCAL)
    return replace(plain, **fields)  # type: ignore[arg-type]


def finding(of: Endpoint, *names: str) -> Finding:
    return Finding(of, tuple(Model(f"{of.id}/{name}", name, name, of, of.tier) for name in names))


def test_a_first_sighting_is_found_and_grows_the_version() -> None:
    registry = Registry()
    (change,) = registry.place(finding(endpoint(), "tiny"))
    assert change.news is News.FOUND
    assert registry.snapshot.version == 1
    assert [model.id for model in registry.snapshot.models] == ["llama-server/tiny"]


def test_the_same_content_seen_later_changes_nothing() -> None:
    registry = Registry()
    registry.place(finding(endpoint(seen_at=1.0), "tiny"))
    before = registry.snapshot
    assert registry.place(finding(endpoint(seen_at=2.0), "tiny")) == ()
    assert registry.snapshot is before


def test_a_new_model_replaces_the_endpoints_models_at_once_and_keeps_its_place_in_the_order() -> None:
    registry = Registry()
    registry.place(finding(endpoint("first", 1), "a"))
    registry.place(finding(endpoint("second", 2), "b"))
    (change,) = registry.place(finding(endpoint("first", 1), "c", "d"))
    assert change.news is News.CHANGED
    assert [one.id for one in registry.snapshot.endpoints] == ["first", "second"]
    assert [one.id for one in registry.snapshot.models] == ["first/c", "first/d", "second/b"]


def test_an_endpoint_is_away_when_two_sweeps_in_a_row_miss_it_and_keeps_its_models() -> None:
    registry = Registry()
    registry.place(finding(endpoint(seen_at=50.0), "tiny"))
    assert registry.finish_sweep({"llama-server"}, set(), 1.0) == ()
    (change,) = registry.finish_sweep({"llama-server"}, set(), 2.0)
    (gone,), (model,) = registry.snapshot.endpoints, registry.snapshot.models
    assert change.news is News.AWAY
    assert gone.health is model.endpoint.health is Health.AWAY
    assert "2 looks in a row" in gone.note
    assert gone.seen_at == 50.0


def test_a_sighting_between_two_misses_starts_the_count_again() -> None:
    registry = Registry()
    registry.place(finding(endpoint(), "tiny"))
    registry.finish_sweep({"llama-server"}, set(), 1.0)
    registry.finish_sweep({"llama-server"}, {"llama-server"}, 2.0)
    assert registry.finish_sweep({"llama-server"}, set(), 3.0) == ()


def test_who_was_not_looked_for_is_not_missed() -> None:
    registry = Registry()
    registry.place(finding(endpoint(), "tiny"))
    for _ in range(3):
        assert registry.finish_sweep(set(), set(), 1.0) == ()
    assert registry.snapshot.endpoints[0].health is Health.UP


def test_the_time_of_an_away_endpoint_is_that_of_its_last_sighting() -> None:
    registry = Registry()
    registry.place(finding(endpoint(seen_at=1.0), "tiny"))
    registry.place(finding(endpoint(seen_at=9.0), "tiny"))
    registry.lost("llama-server", "connection refused")
    assert registry.snapshot.endpoints[0].seen_at == 9.0


def test_a_lost_endpoint_is_away_at_once_and_back_with_its_next_sighting() -> None:
    registry = Registry()
    registry.place(finding(endpoint(), "tiny"))
    (lost,) = registry.lost("llama-server", "connection refused")
    assert (lost.news, lost.endpoint.note) == (News.AWAY, "connection refused")
    assert registry.lost("llama-server", "again") == ()
    (back,) = registry.place(finding(endpoint(), "tiny"))
    assert back.news is News.BACK
    assert registry.snapshot.endpoints[0].note == ""


def test_losing_an_endpoint_that_nobody_knows_changes_nothing() -> None:
    registry = Registry()
    assert registry.lost("nobody", "refused") == ()
    assert registry.snapshot.version == 0


def test_a_loading_endpoint_that_lists_nothing_keeps_its_models_as_loading() -> None:
    registry = Registry()
    registry.place(finding(endpoint(), "tiny"))
    registry.place(Finding(endpoint(health=Health.LOADING)))
    (model,) = registry.snapshot.models
    assert (model.state, model.endpoint.health) == (ModelState.LOADING, Health.LOADING)


def test_models_known_of_another_server_at_the_same_id_do_not_stand() -> None:
    registry = Registry()
    registry.place(finding(endpoint("mine"), "tiny"))
    registry.place(Finding(endpoint("mine", provider="generic", tier=Tier.PAID)))
    assert registry.snapshot.models == ()


def test_another_server_at_a_port_puts_the_one_before_away_at_once() -> None:
    registry = Registry()
    registry.place(finding(endpoint("llama-server"), "tiny"))
    away, found = registry.place(finding(endpoint("generic-8080", tier=None), "gpt"))
    assert (away.endpoint.id, away.news) == ("llama-server", News.AWAY)
    assert away.endpoint.note == "generic-8080 answers in its place now"
    assert found.news is News.FOUND


def test_two_found_endpoints_never_stand_at_one_place_however_they_were_found() -> None:
    registry = Registry()
    registry.place(finding(endpoint("llama-server-9000", 9000, found_by=FoundBy.PROCESS), "tiny"))
    away, _ = registry.place(finding(endpoint("vllm-9000", 9000, found_by=FoundBy.ENVIRONMENT), "big"))
    assert (away.endpoint.id, away.news) == ("llama-server-9000", News.AWAY)


def test_configured_endpoints_may_share_a_place() -> None:
    registry = Registry()
    registry.place(finding(endpoint("one", found_by=FoundBy.CONFIG), "a"))
    registry.place(finding(endpoint("two", found_by=FoundBy.CONFIG), "b"))
    assert [one.health for one in registry.snapshot.endpoints] == [Health.UP, Health.UP]


def test_a_written_endpoint_that_was_never_seen_is_found_when_it_is() -> None:
    registry = Registry()
    registry.place(finding(endpoint(health=Health.AWAY), "tiny"))
    (change,) = registry.place(finding(endpoint(), "tiny"))
    assert change.news is News.FOUND


def test_the_end_of_a_sweep_is_kept_without_a_new_version() -> None:
    registry = Registry()
    registry.place(finding(endpoint(), "tiny"))
    before = registry.snapshot
    registry.finish_sweep({"llama-server"}, {"llama-server"}, 7.0)
    after = registry.snapshot
    assert (before.swept_at, after.swept_at) == (None, 7.0)
    assert after.version == before.version
    assert after.models is before.models


def test_a_sweep_elsewhere_leaves_the_time_of_the_local_one_alone() -> None:
    registry = Registry()
    registry.finish_sweep(set(), set(), 7.0)
    registry.finish_sweep(set(), set())
    assert registry.snapshot.swept_at == 7.0


def test_what_its_user_takes_away_is_gone_with_its_models() -> None:
    registry = Registry()
    registry.place(finding(endpoint("one", 1), "a"))
    registry.place(finding(endpoint("two", 2), "b"))
    (change,) = registry.forget("one")
    assert change.news is News.GONE
    assert [model.id for model in registry.snapshot.models] == ["two/b"]
    assert registry.forget("one") == ()
    (again,) = registry.place(finding(endpoint("one", 1), "a"))
    assert again.news is News.FOUND


def test_a_cloud_and_an_engine_may_share_a_place() -> None:
    registry = Registry()
    registry.place(finding(endpoint("engine", 1), "a"))
    assert len(registry.place(finding(endpoint("cloud", 1, found_by=FoundBy.KEY), "b"))) == 1
    assert len(registry.snapshot.models) == 2


def names(registry: Registry) -> list[str]:
    return [model.id for model in registry.snapshot.models]


def test_who_answers_at_another_address_has_not_the_models_of_the_one_before() -> None:
    registry = Registry()
    registry.place(finding(endpoint(), "tiny"))
    registry.place(Finding(endpoint(port=9090, health=Health.AWAY)))
    assert names(registry) == ["llama-server/tiny"], "it may be asked soon"
    registry.place(Finding(endpoint(port=9090)))
    assert names(registry) == []
    registry.place(finding(endpoint(port=9090), "other"))
    registry.place(Finding(endpoint(port=9090)))
    assert names(registry) == ["llama-server/other"]
