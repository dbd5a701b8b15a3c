from collections.abc import Callable
from pathlib import Path

import pytest

from pointsman.config.load import load
from pointsman.config.override import Origin, overridden, overrides
from pointsman.config.schema import budgets_of
from pointsman.dates import Window
from pointsman.errors import ConfigError
from pointsman.funds import Budget
from pointsman.money import NANO

Write = Callable[[str], Path]


def test_nothing_is_overridden_where_nothing_is_said() -> None:
    assert overrides({"POINTSMAN_PORT": "", "HOME": "/"}) == {}


def test_the_environment_is_read_as_what_it_means() -> None:
    said = overrides({"POINTSMAN_PORT": "80", "POINTSMAN_HOST": "::1", "POINTSMAN_SOCKET": "/run/x"})
    assert said == {
        "server.host": ("::1", Origin.ENVIRONMENT),
        "server.port": (80, Origin.ENVIRONMENT),
        "server.socket": ("/run/x", Origin.ENVIRONMENT),
    }


def test_a_flag_wins_over_a_variable() -> None:
    assert overrides({"POINTSMAN_PORT": "80"}, port=0) == {"server.port": (0, Origin.COMMAND_LINE)}


@pytest.mark.parametrize(("said", "meant"), [("false", False), ("auto", "auto"), ("/run/x", "/run/x")])
def test_a_socket_may_be_refused_by_word(said: str, meant: object) -> None:
    assert overrides({}, socket=said)["server.socket"][0] == meant


def test_a_relative_socket_is_one_in_the_folder_of_the_command() -> None:
    assert overrides({}, socket="x.sock")["server.socket"][0] == str(Path.cwd() / "x.sock")


def test_only_the_named_key_of_a_section_is_replaced() -> None:
    document = {"server": {"port": 1, "host": "h"}, "models": {}}
    said = overrides({}, port=2)
    assert overridden(document, said) == {"server": {"port": 2, "host": "h"}, "models": {}}
    assert document["server"]["port"] == 1


@pytest.mark.parametrize("port", ["http", "-1", "70000", "8 0"])
def test_a_port_that_is_none_is_told_with_who_said_so(port: str) -> None:
    with pytest.raises(ConfigError, match=r"^environment: server\.port must be a port") as caught:
        load(None, overrides=overrides({"POINTSMAN_PORT": port}))
    assert caught.value.file == ""


def test_an_empty_flag_is_not_passed_over() -> None:
    with pytest.raises(ConfigError, match=r"^command line: server\.socket must be"):
        load(None, overrides=overrides({"POINTSMAN_SOCKET": "/run/x"}, socket=""))


@pytest.mark.parametrize("name", ["daily", "my.app day", 'a "b"', "ä"])
def test_a_budget_that_a_command_set_wins_whatever_its_name(name: str) -> None:
    said = overrides({}, {f"budgets.{name}": {"window": "day", "limit": 1.5}})
    assert budgets_of(load(None, overrides=said).config) == (Budget(name, Window.DAY, 3 * NANO // 2),)


def test_a_command_s_budget_stands_in_the_place_of_the_file_s(write: Write) -> None:
    path = write(
        '[budgets.a]\nwindow = "day"\nlimit = 1\nhard = false\n[budgets.b]\nwindow = "day"\nlimit = 2\n'
    )
    said = overrides({}, {"budgets.a": {"window": "week", "limit": "none"}})
    assert budgets_of(load(path, overrides=said).config) == (
        Budget("a", Window.WEEK, None),
        Budget("b", Window.DAY, 2 * NANO),
    )


def test_a_budget_of_a_command_that_makes_no_sense_is_not_the_file_s_fault(write: Write) -> None:
    path = write('[server]\nport = 1\n[apps.x]\nbudget = { window = "day", limit = 1 }\n')
    for value in ({"window": "day", "limit": -1}, {"window": "day", "limit": 1}):
        with pytest.raises(ConfigError, match=r"^command \(settings\.json in the state folder\): budgets\.x"):
            load(path, overrides=overrides({}, {"budgets.x": value}))
