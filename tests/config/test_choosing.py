from collections.abc import Callable

import pytest

from pointsman.config.choosing import RoleConfig
from pointsman.config.schema import Config
from pointsman.types import Grade, Priority, TaskKind, Tier

Read = Callable[[str], Config]
Refused = Callable[[str], str]


def test_a_role_may_be_a_name_alone(read: Read) -> None:
    assert read('[roles]\nreviewer = "opus"\n').roles["reviewer"] == RoleConfig(model="opus")


def test_a_role_may_say_all_it_can(read: Read) -> None:
    role = read(
        '[roles.x]\nmodel = "m"\nfloor = "simple"\nprofile = "eco"\nprefer = "p"\n'
        'fallback = ["local", "free"]\npriority = "critical"\n'
    ).roles["x"]
    assert (role.model, role.floor, role.profile) == ("m", Grade.SIMPLE, "eco")
    assert (role.prefer, role.fallback, role.priority) == (("p",), ("local", "free"), Priority.CRITICAL)


def test_a_fallback_may_name_what_is_not_known_yet(read: Read) -> None:
    assert read('[fallback]\nmain = ["nobody", "local"]\n').fallback["main"] == ("nobody", "local")


def test_a_profile_can_be_defined_and_chosen(read: Read) -> None:
    profiles = read(
        '[profiles]\nactive = "mine"\n[profiles.mine]\nladder = ["local", "paid"]\nslack = 1\n'
        'weights = { cost = 2, time = 0.5 }\n[profiles.mine.tasks]\ncode = "big"\n'
    ).profiles
    mine = profiles.defined["mine"]
    assert profiles.active == "mine"
    assert (mine.ladder, mine.slack) == ((Tier.LOCAL, Tier.PAID), 1)
    assert (mine.weights.cost, mine.weights.time, mine.weights.quality) == (2.0, 0.5, 1.0)
    assert mine.tasks == {TaskKind.CODE: ("big",)}


def test_a_mistyped_active_is_not_taken_for_a_profile(refused: Refused) -> None:
    assert refused('[profiles]\nactiv = "eco"\n') == (
        "config.toml:2: profiles.activ must be a table; did you mean profiles.active?"
    )


@pytest.mark.parametrize("place", ["[profiles]\nactive", "[roles.x]\nprofile", "[apps.x]\nprofile"])
def test_a_profile_that_nobody_defined_is_refused_where_it_is_named(refused: Refused, place: str) -> None:
    said = refused(f'{place} = "ballanced"\n')
    assert said.startswith("config.toml:2: ")
    assert said.endswith("must be one of balanced, eco, premium; did you mean balanced?")


def test_a_task_of_an_unknown_kind_is_refused_with_the_nearest(refused: Refused) -> None:
    said = refused('[tasks]\ncreativ = ["x"]\n')
    assert said.startswith("config.toml:2: tasks.creativ must be one of code,")
    assert said.endswith("did you mean creative?")


@pytest.mark.parametrize("sign", ["Terraform", "über", "ci/cd", "a...b", "a  b", "^", "a |b", "a,b", "... a"])
def test_a_sign_that_would_never_be_seen_is_refused(refused: Refused, sign: str) -> None:
    assert "small letters a to z" in refused(f'[choosing.signs]\ncode = "{sign}"\n')


@pytest.mark.parametrize("sign", ["terraform|helm", "deploy|release ... server, on call", "^ c++|c# 0 don't"])
def test_signs_are_written_one_by_one_or_as_a_list(read: Read, sign: str) -> None:
    for written in (f'"{sign}"', f'["{sign}"]'):
        config = read(f"[choosing.signs]\ncode = {written}\n")
        assert config.choosing.signs == {TaskKind.CODE: (sign,)}
