from collections.abc import Callable

import pytest
from pydantic import ValidationError

from pointsman.config.schema import Config, Hold, budgets_of
from pointsman.config.timeouts import OwnTimeouts, TimeoutsConfig
from pointsman.dates import Window
from pointsman.funds import Budget, Scope, Turn
from pointsman.modes import Privacy
from pointsman.steps import Step
from pointsman.types import Dialect, Grade, TaskKind, Tier
from tests.config.examples import FULL, OLDER

Read = Callable[[str], Config]
Refused = Callable[[str], str]


def test_the_older_example_loads_as_it_is(read: Read) -> None:
    config = read(OLDER)
    openrouter = config.providers["openrouter"]
    assert openrouter.api_key is not None
    assert openrouter.api_key.get_secret_value() == "sk-or-..."
    assert (openrouter.rate_limit_rpm, openrouter.rate_limit_remaining) == (20, 15)
    assert config.providers["local"].api_base == "http://localhost:8080/v1"
    assert config.models["memory"] == "openrouter/google/gemma-3-27b-it:free"
    assert config.roles["compaction"].model == "memory"
    assert config.fallback["rlm"] == ("rlm", "memory", "local_worker")


def test_the_full_example_loads_as_it_is(read: Read) -> None:
    config = read(FULL)
    mine, reviewer, script = config.providers["mine"], config.roles["reviewer"], config.apps["my-script"]
    assert config.server.port == 11711
    assert (config.discovery.local, config.discovery.remote) == (True, True)
    assert config.discovery.remote_every == 6 * 3_600
    assert (mine.kind, mine.tier, mine.models) == (Dialect.OPENAI, Tier.PAID, ("big", "small"))
    assert config.grades == {"mine/big": Grade.REASONING, "mine/small": Grade.ROUTINE}
    assert config.profiles.active == "balanced"
    assert config.tasks == {TaskKind.CODE: ("mine/big",)}
    assert (reviewer.floor, reviewer.prefer) == (Grade.GENERATION, ("mine/big",))
    assert budgets_of(config) == (
        Budget("daily", Window.DAY, 5 * 10**9),
        Budget("my-script", Window.DAY, 5 * 10**8, scope=Scope("app", "my-script")),
    )
    assert config.degradation.curve[0] == Turn(0.8, Step.THRIFTY)
    assert (config.timeouts.first_content, config.timeouts.idle) == (60.0, 30.0)
    assert mine.timeouts is not None
    assert (mine.timeouts.first_content, mine.timeouts.total, mine.timeouts.idle) == (180.0, 900.0, None)
    assert (config.streams.hold, config.streams.patience) == (Hold.FIRST, 15.0)
    assert (script.privacy, script.profile) == (Privacy.LOCAL, "eco")


def test_the_documented_defaults_hold_without_a_file() -> None:
    config = Config()
    assert (config.server.host, config.server.port, config.server.socket) == ("127.0.0.1", None, "auto")
    assert (config.discovery.local, config.discovery.remote) == (True, True)
    assert config.discovery.remote_every == 21_600.0
    clocks = config.timeouts
    assert (clocks.connect, clocks.headers, clocks.client, clocks.total) == (5.0, 30.0, 55.0, 600.0)
    assert (clocks.plain, clocks.first_content, clocks.idle) == (None, None, None)
    assert (config.streams.hold, config.streams.patience) == (Hold.FIRST, 15.0)
    assert not any(
        [config.providers, config.prices, config.models, config.roles, config.budgets, config.apps]
    )


def test_a_configuration_can_not_be_changed(read: Read) -> None:
    config = read(FULL)
    with pytest.raises(ValidationError):
        config.server.port = 1
    with pytest.raises(TypeError):
        config.models["x"] = "y"  # type: ignore[index]


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_out_of_range_is_told_with_the_range_and_the_number(refused: Refused, port: int) -> None:
    assert refused(f"[server]\nport = {port}") == (
        f"config.toml:2: server.port must be a port: a whole number from 0 to 65535 (it is {port})"
    )


def test_port_zero_means_any_free_one(read: Read) -> None:
    assert read("[server]\nport = 0").server.port == 0


def test_nothing_is_converted_on_a_guess(refused: Refused) -> None:
    said = refused('[server]\nport = "11711"\nhost = 1\n[discovery]\nlocal = 1\n[timeouts]\nconnect = true\n')
    assert [line.split(" must ")[0] for line in said.splitlines()] == [
        "config.toml:2: server.port",
        "config.toml:3: server.host",
        "config.toml:5: discovery.local",
        "config.toml:7: timeouts.connect",
    ]


@pytest.mark.parametrize("value", ["0", "-1", "inf", "nan", "1e400", '"5"'])
def test_a_clock_takes_only_finite_seconds_above_zero(refused: Refused, value: str) -> None:
    assert "timeouts.idle must be a number of seconds above 0" in refused(f"[timeouts]\nidle = {value}")


def test_all_clocks_may_be_set_for_one_provider_too() -> None:
    assert list(OwnTimeouts.model_fields) == list(TimeoutsConfig.model_fields)


def test_a_provider_s_clock_is_checked_like_any_other(refused: Refused) -> None:
    said = refused("[providers.mine.timeouts]\nidle = 0\nheader = 3\n")
    assert "providers.mine.timeouts.idle must be a number of seconds above 0 (it is 0)" in said
    assert "headers" in said.splitlines()[1]


@pytest.mark.parametrize("value", ['"auto"', '"/run/p.sock"', '"~/p.sock"', "false"])
def test_a_socket_is_auto_a_path_or_none(read: Read, value: str) -> None:
    assert read(f"[server]\nsocket = {value}").server.socket == (value.strip('"') if '"' in value else False)


@pytest.mark.parametrize("value", ["true", '""', '"p.sock"', "1", r'"/run/\u0000"'])
def test_a_socket_that_is_none_of_these_is_refused(refused: Refused, value: str) -> None:
    assert 'must be "auto", an absolute path in quotes, or false' in refused(f"[server]\nsocket = {value}")
