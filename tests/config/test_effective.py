from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from pointsman.config.effective import Setting, effective, show
from pointsman.config.load import load
from pointsman.config.override import Origin, overrides
from tests.config.examples import FULL, OLDER

Write = Callable[[str], Path]


def settings(path: Path | None, **flags: int) -> dict[str, tuple[str, Origin]]:
    loaded = load(path, overrides=overrides({"POINTSMAN_HOST": "::1"}, **flags))  # type: ignore[arg-type]
    return {setting.key: (setting.shown, setting.origin) for setting in effective(loaded)}


def test_each_value_has_its_origin(write: Write) -> None:
    shown = settings(write("[timeouts]\nidle = 2.5\n[discovery]\nremote_every = false\n"), port=80)
    assert shown["timeouts.idle"] == ("2.5", Origin.FILE)
    assert shown["discovery.remote_every"] == ("false", Origin.FILE)
    assert shown["timeouts.connect"] == ("5", Origin.DEFAULT)
    assert shown["server.host"] == ('"::1"', Origin.ENVIRONMENT)
    assert shown["server.port"] == ("80", Origin.COMMAND_LINE)


def test_a_value_inside_of_what_a_command_set_is_the_command_s(write: Write) -> None:
    path = write('[budgets.b]\nwindow = "day"\nlimit = 1\n')
    said = overrides({}, {"budgets.a.c": {"window": "day", "limit": "none"}})
    origins = {setting.key: setting.origin for setting in effective(load(path, overrides=said))}
    assert origins['budgets."a.c".limit'] is Origin.COMMAND
    assert origins['budgets."a.c".hard'] is Origin.DEFAULT
    assert origins["budgets.b.limit"] is Origin.FILE


def test_what_is_left_out_is_shown_as_what_holds_then() -> None:
    shown = settings(None)
    assert shown["server.port"] == ("11711, or the next free one", Origin.DEFAULT)
    assert shown["discovery.remote_every"] == ('"6h"', Origin.DEFAULT)


def test_a_reference_is_shown_and_a_key_is_not(write: Write) -> None:
    older, full = settings(write(OLDER)), settings(write(FULL))
    assert older["providers.openrouter.api_key"] == ("(set)", Origin.FILE)
    assert older["providers.local.api_key"] == ("none is sent", Origin.DEFAULT)
    assert full["providers.mine.api_key"] == ('"env:MINE_KEY"', Origin.FILE)


def test_values_are_shown_as_they_would_be_written(write: Write) -> None:
    shown = settings(write(FULL))
    assert shown['grades."mine/big"'] == ('"reasoning"', Origin.FILE)
    assert shown['prices."mine/big".cache_read'] == ("0.3", Origin.FILE)
    assert shown["tasks.code"] == ('["mine/big"]', Origin.FILE)
    assert shown["apps.my-script.budget.limit"] == ("0.5", Origin.FILE)
    assert shown["apps.my-script.budget.hard"] == ("true", Origin.DEFAULT)
    assert shown["degradation.curve"][0].startswith('[[0.8, "thrifty"], ')


def test_the_file_s_own_profiles_are_shown(write: Write) -> None:
    shown = settings(write('[profiles.mine]\nladder = ["local"]\n'))
    assert shown["profiles.mine.ladder"] == ('["local"]', Origin.FILE)
    assert shown["profiles.mine.slack"] == ("0", Origin.DEFAULT)
    assert shown["profiles.active"] == ('"balanced"', Origin.DEFAULT)


def test_a_provider_s_own_clocks_are_shown_and_what_holds_for_the_others(write: Write) -> None:
    shown = settings(write("[providers.desk.timeouts]\nidle = 90\n[providers.other]\n"))
    assert shown["providers.desk.timeouts.idle"] == ("90", Origin.FILE)
    assert shown["providers.desk.timeouts.connect"] == ("that of [timeouts]", Origin.DEFAULT)
    assert shown["providers.other.timeouts"] == ("those of [timeouts]", Origin.DEFAULT)


def test_a_short_role_is_shown_by_its_model(write: Write) -> None:
    assert settings(write(OLDER))["roles.compaction.model"] == ('"memory"', Origin.FILE)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"),
        (3.0, "3"),
        (0.25, "0.25"),
        ('a"b', '"a\\"b"'),
        (("a", 1), '["a", 1]'),
        (Decimal(2), "2"),
    ],
)
def test_a_plain_value_is_shown_as_toml(value: object, shown: str) -> None:
    assert show(value) == shown


def test_a_setting_is_a_plain_value() -> None:
    assert Setting("a", "b", Origin.FILE) == Setting("a", "b", Origin.FILE)
