"""What a snapshot works out of its models: who is of one kind, and who is called what."""

from hypothesis import given
from hypothesis import strategies as st

from pointsman.types import Grade, Model, Snapshot, Stretch, Tier, kinds_of
from tests.routing.house import endpoint, model, snapshots

PLACE = endpoint("a")


@given(snapshots)
def test_each_model_is_of_one_kind_with_its_like(known: Snapshot) -> None:
    for kind in known.kinds:
        assert kind.ids == tuple(one.id for one in kind.models)
        assert kind.least == min(
            (one.context for one in kind.models if one.context is not None), default=None
        )
        assert len({(one.tier, one.state, one.lacks, one.reads, one.grade) for one in kind.models}) == 1
    assert sorted(one for kind in known.kinds for one in kind.ids) == sorted(one.id for one in known.models)


def kinds(*models: Model) -> list[list[str]]:
    return [[one.name for one in kind.models] for kind in kinds_of(models)]


def test_of_a_kind_the_larger_come_first_then_by_name() -> None:
    sizes = {"d": 1, "c": None, "b": 7, "a": 7}
    assert kinds(*(model(f"a/{name}", endpoint=PLACE, parameters=size) for name, size in sizes.items())) == [
        ["a", "b", "d", "c"]
    ]


def test_what_a_rule_or_the_order_looks_at_makes_another_kind() -> None:
    usual, others = (
        model("a/one", endpoint=PLACE),
        ({"tier": Tier.PAID}, {"grade": Grade.SIMPLE}, {"trains": True}),
    )
    assert len(kinds(usual, *(model("a/two", endpoint=PLACE, **facts) for facts in others))) == 1 + len(
        others
    )


def test_whose_context_is_set_by_each_request_is_a_kind_of_its_own() -> None:
    stretched = (model(f"a/{name}", endpoint=PLACE, stretch=Stretch(8_192, None)) for name in "xy")
    assert kinds(*stretched) == [["x"], ["y"]]


@given(st.lists(st.sampled_from(("p/q", "p/r", "q")), unique=True))
def test_a_model_is_found_by_each_of_its_names(names: list[str]) -> None:
    models = tuple(
        model(f"a/{name}", endpoint=PLACE, name=name, served_as=f"{name}.gguf", aliases=("q",))
        for name in names
    )
    known = Snapshot(models=models)
    for one in models:
        assert known.by_id[one.id] is one
        assert all(one in known.by_name[name] for name in (one.name, one.served_as, "q"))
    assert "z" not in known.by_name
