"""Whether an icon would be seen, as programs on the PATH tell of a session's bus."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.finding import Finding, State
from pointsman.cli.doctor.tray import tray
from pointsman.cli.panels import python_with_gtk
from tests.cli.doctor.conftest import Home

SCREEN = {"WAYLAND_DISPLAY": "wayland-0", "XDG_CURRENT_DESKTOP": "ubuntu:GNOME"}


def asked(
    home: Home,
    platform: str = "linux",
    is_there: Callable[[str], bool] = lambda _: True,
    *,
    with_gtk: str = "/usr/bin/python3",
) -> list[Finding]:
    case = Case(home.environ, home.paths, time.time())
    return list(tray(case, platform=platform, is_there=is_there, with_gtk=lambda _: with_gtk))


def test_without_a_screen_there_is_nothing_to_show(home: Home) -> None:
    (found,) = asked(home)
    assert (found.state, found.what) == (State.NOTE, "there is no screen here")


@pytest.mark.parametrize(
    ("program", "answer"),
    [("busctl", "b true"), ("gdbus", "(true,)"), ("dbus-send", "method return\n   boolean true")],
)
def test_a_desktop_with_a_host_for_icons_is_well(home: Home, program: str, answer: str) -> None:
    home.environ |= SCREEN
    home.program(program, f"echo '{answer}'")
    (found,) = asked(home)
    assert (found.state, found.what) == (State.OK, "this desktop shows icons")


def test_a_desktop_without_one_is_told_what_to_install_and_what_to_do_instead(home: Home) -> None:
    home.environ |= SCREEN
    home.program("busctl", 'test "$*" = "${*%StatusNotifierWatcher}StatusNotifierWatcher" && echo "b false"')
    (found,) = asked(home)
    assert found.state is State.WARN
    assert found.what == "no icon would be seen: ubuntu:GNOME shows none by itself"
    assert "AppIndicator" in found.to_do
    assert "`pointsman status`" in found.to_do


@pytest.mark.parametrize(("screen", "state"), [("WAYLAND_DISPLAY", State.WARN), ("DISPLAY", State.NOTE)])
def test_elsewhere_a_panel_may_have_one_and_on_wayland_nobody_else(
    home: Home, screen: str, state: State
) -> None:
    home.environ |= {screen: ":0"}
    home.program("busctl", "echo 'b false'")
    (found,) = asked(home)
    assert found.state is state
    assert found.to_do.startswith("start a panel with a tray")


def test_what_a_menu_takes_in_an_xembed_tray_is_told_where_it_is_missing(home: Home) -> None:
    home.environ |= {"DISPLAY": ":0"}
    home.program("busctl", "echo 'b false'")
    assert "apt install python3-gi" in asked(home, with_gtk="")[0].to_do
    assert "python3-gi" not in asked(home)[0].to_do


def test_one_program_that_fails_leaves_it_to_the_next(home: Home) -> None:
    home.environ |= SCREEN
    home.program("busctl", "echo 'Failed to connect to bus' >&2; exit 1")
    home.program("gdbus", "echo '(false,)'")
    assert asked(home)[0].state is State.WARN


def test_where_nobody_can_ask_nothing_is_claimed(home: Home) -> None:
    home.environ |= SCREEN
    (found,) = asked(home)
    assert found.state is State.NOTE
    assert "busctl, gdbus, dbus-send" in found.why


def test_what_the_tray_is_made_of_and_is_missing_is_named(home: Home) -> None:
    missing, _ = asked(home, "darwin", lambda module: module != "PIL")
    assert missing.what == "the tray can't be started: PIL can't be imported"
    assert "'.[tray]'" in missing.to_do


def test_a_mac_shows_icons_in_its_menu_bar(home: Home) -> None:
    (found,) = asked(home, "darwin")
    assert found.state is State.OK


def test_the_python_that_can_show_a_menu_is_one_that_has_gtk(tmp_path: Path) -> None:
    """It is asked for GTK, and without what a folder or a variable would make of it."""
    here = {"PYTHONPATH": str(tmp_path), "PATH": ""}
    (tmp_path / "gi.py").write_text("def require_version(*_): pass\n", encoding="utf-8")
    assert python_with_gtk(here, (sys.executable,)) == ""
    program = tmp_path / "python3"
    program.write_text('#!/bin/sh\ncase "$3" in *Gtk*3.0*) exit 0;; esac\nexit 1\n', encoding="utf-8")
    program.chmod(0o700)
    assert python_with_gtk(here, ("/nowhere/python3", str(program))) == str(program)
