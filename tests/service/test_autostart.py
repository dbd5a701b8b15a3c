"""The tray at each login: what stands in its file is what is started, whatever is in a path."""

import os
import plistlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import StartError
from pointsman.service.autostart import LABEL, autostart, autostart_file, quoted
from tests.service.test_units import NASTY, printable

COMMAND = ("/usr/bin/pointsman", "tray", "--state", "/home/me/.local/state/pointsman")
SYSTEM = "/usr/bin/python3"  # has PyGObject where the system's package of it is installed
GIO = "from gi.repository import Gio"
LAUNCH = f"""
import os, sys
{GIO}
assert Gio.DesktopAppInfo.new_from_filename(sys.argv[1]).launch([], None)
print(open(os.environ["SAID"], encoding="utf-8").read(), end="")
"""
TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"')


def words(line: str) -> list[str]:
    """As the specification reads an Exec line: first the string, then the quoted words, then the codes."""
    text = re.sub(r"\\(.)", lambda found: found[1], line.removeprefix("Exec="))
    return [re.sub(r"\\(.)", r"\1", word).replace("%%", "%") for word in TOKEN.findall(text)]


def exec_line(entry: bytes) -> str:
    return next(line for line in entry.decode().splitlines() if line.startswith("Exec="))


@given(st.lists(printable, min_size=1, max_size=4))
def test_whatever_is_in_a_word_the_entry_reads_back_as_it_was(given_words: list[str]) -> None:
    assert words(f"Exec={' '.join(map(quoted, given_words))}") == given_words


@pytest.mark.parametrize("nasty", NASTY)
def test_a_desktop_takes_the_entry(nasty: str, tmp_path: Path) -> None:
    command = (f"/home/{nasty}/bin/pointsman", *COMMAND[1:])
    entry = tmp_path / f"{LABEL}.desktop"
    entry.write_bytes(autostart(command, "linux"))
    assert words(exec_line(entry.read_bytes()))[-len(command) :] == list(command)
    if validate := shutil.which("desktop-file-validate"):
        subprocess.run([validate, str(entry)], check=True)


@pytest.mark.parametrize("nasty", [*NASTY, "a=b", "`id`"])
def test_a_desktop_starts_what_the_entry_says(nasty: str, tmp_path: Path) -> None:
    """By GLib, as GNOME, Xfce and others do."""
    if (
        not Path(SYSTEM).exists()
        or subprocess.run([SYSTEM, "-c", GIO], check=False, capture_output=True).returncode
    ):
        pytest.skip(f"{SYSTEM} has no PyGObject (make desktop-deps)")
    folder = tmp_path / nasty
    folder.mkdir()
    (folder / "program").write_text('#!/bin/sh\nprintf "%s\\n" "$0" "$@" > "$SAID"\n', encoding="utf-8")
    (folder / "program").chmod(0o700)
    command = (str(folder / "program"), "tray", "--state", str(folder))
    (tmp_path / "one.desktop").write_bytes(autostart(command, "linux"))
    os.mkfifo(tmp_path / "said")
    ran = subprocess.run(
        [SYSTEM, "-c", LAUNCH, str(tmp_path / "one.desktop")],
        env={"SAID": str(tmp_path / "said"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert ran.stdout.splitlines() == list(command)


@pytest.mark.parametrize("nasty", NASTY)
def test_launchd_reads_the_agent_as_it_was(nasty: str) -> None:
    command = (f"/home/{nasty}/bin/pointsman", *COMMAND[1:])
    document = plistlib.loads(autostart(command, "darwin"))
    assert document["ProgramArguments"] == list(command)
    assert (document["Label"], document["RunAtLoad"]) == (LABEL, True)


@pytest.mark.parametrize(("program", "platform"), [("/a\x07b", "darwin"), ("/a\nb", "linux")])
def test_what_no_entry_can_name_is_refused(program: str, platform: str) -> None:
    with pytest.raises(StartError, match="nothing can start"):
        autostart((program, "tray"), platform)


def test_it_stands_where_desktops_look() -> None:
    home = {"HOME": "/home/me"}
    entry = f"autostart/{LABEL}.desktop"
    assert autostart_file(home, "linux") == Path(f"/home/me/.config/{entry}")
    assert autostart_file({**home, "XDG_CONFIG_HOME": "/cfg"}, "linux") == Path(f"/cfg/{entry}")
    assert autostart_file({**home, "XDG_CONFIG_HOME": "relative"}, "linux") == Path(
        f"/home/me/.config/{entry}"
    )
    assert autostart_file(home, "darwin") == Path(f"/home/me/Library/LaunchAgents/{LABEL}.plist")
