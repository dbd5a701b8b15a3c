"""What stands in the rendered files, read as systemd and launchd read them."""

import os
import plistlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.daemon import DRAIN
from pointsman.errors import StartError
from pointsman.service.run import PATIENCE
from pointsman.service.templates import template
from pointsman.service.units import (
    AGENT,
    SERVICE_UNIT,
    SOCKET_UNIT,
    Plan,
    agent,
    command_line,
    command_of_unit,
    environment_of,
    flags_of,
    service_unit,
    socket_unit,
)

PLAN = Plan(
    command=("/usr/bin/pointsman", "serve"),
    unix=Path("/run/user/1/pointsman/pointsman.sock"),
    tcp=("127.0.0.1", 11711),
    log=Path("/state/pointsman.log"),
    in_runtime=True,
)
NASTY = (
    "with space",
    "100%h done",
    "a&b<c>",
    'it\'s "so"',
    "back\\slash",
    "$HOME ${X}",
    "grüße-日本",
    "semi;#",
)
UNFIT = {*"\"'\\", *map(chr, range(32)), "\x7f"}  # systemd runs no program with one of these in its path
WORST = 6.0  # of systemd's own measure of exposure, which goes from 0 to 10
NEVER = ("ProtectHome", "ProcSubset", "ProtectProc", "PrivateDevices", "PrivateUsers")

# Any text that a path may be: no NUL, and nothing that is not text.
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
printable = st.text(st.characters(exclude_categories=["C"]), min_size=1)  # XML has no control characters

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine"
)


def service(plan: Plan = PLAN) -> str:
    return service_unit(template(SERVICE_UNIT), plan).decode()


def settings(text: str, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)


def as_systemd_reads(line: str) -> Iterator[str]:
    """The words of a command line by the letter of systemd.syntax(7), "Quoting", and then the specifiers."""
    escapes = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'", "s": " "}
    place = 0
    while place < len(line):
        assert line[place] == '"', "we quote every word"
        place += 1
        word = bytearray()
        while line[place] != '"':
            if line[place] != "\\":
                word += line[place].encode()
                place += 1
            elif line[place + 1] == "x":
                word.append(int(line[place + 2 : place + 4], 16))
                place += 4
            else:
                word += escapes[line[place + 1]].encode()
                place += 2
        text = word.decode()
        assert "%" not in text.replace("%%", ""), "a lone % begins a specifier"
        yield text.replace("%%", "%")
        place += 1
        assert line[place : place + 1] in ("", " ")
        place += 1


@given(st.lists(words, min_size=1, max_size=4).map(tuple))
def test_systemd_starts_the_words_that_were_meant(command: tuple[str, ...]) -> None:
    line = command_line(command)
    assert "\n" not in line
    shell = ("/bin/sh", "-c", 'exec "$@"', "sh") if set(command[0]) & UNFIT else ()
    assert tuple(as_systemd_reads(line)) == (*shell, *command)


@given(st.lists(words, min_size=1, max_size=4).map(tuple))
def test_the_command_is_read_back_from_a_unit(command: tuple[str, ...]) -> None:
    assert command_of_unit(service(replace(PLAN, command=command)).encode()) == command


def test_nothing_is_expanded_in_the_command() -> None:
    """Without the colon systemd would put a variable where a path has a dollar: systemd.service(5)."""
    (line,) = settings(service(), "ExecStart")
    assert line == ':"/usr/bin/pointsman" "serve"'


def test_a_program_that_systemd_can_not_name_is_run_by_a_shell_as_the_same_process(tmp_path: Path) -> None:
    program = tmp_path / """it's "$0" %h\\""" / "p"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nprintf '%s|' $$ \"$@\"\n", encoding="utf-8")
    program.chmod(0o755)
    with subprocess.Popen(
        list(as_systemd_reads(command_line((str(program), "serve", "two words")))), stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read() == f"{process.pid}|serve|two words|".encode()


@given(printable.map(lambda word: f"/{word}"), printable)
def test_the_agent_says_what_was_meant_when_launchd_reads_it(path: str, word: str) -> None:
    document = plistlib.loads(agent(template(AGENT), replace(PLAN, command=(path, word), unix=Path(path))))
    assert document["ProgramArguments"] == [path, word, "--log", "/state/pointsman.log"]
    assert document["Sockets"]["unix"] == {"SockPathName": str(Path(path)), "SockPathMode": 0o600}
    assert document["Sockets"]["tcp"]["SockServiceName"] == "11711"


def test_a_path_that_no_file_can_name_is_refused() -> None:
    """Bytes that are no text in the locale's encoding, as Python has them; for XML control characters too."""
    with pytest.raises(StartError, match="no text"):
        service(replace(PLAN, command=("/a/\udcff", "serve")))
    for path in ("/a/\udcff", "/a/\x01"):
        with pytest.raises(StartError, match="no property list can name"):
            agent(template(AGENT), replace(PLAN, command=(path, "serve")))


def test_who_stops_it_waits_until_its_answers_are_out() -> None:
    (seconds,) = settings(service(), "TimeoutStopSec")
    assert float(seconds) > DRAIN
    assert plistlib.loads(template(AGENT))["ExitTimeOut"] > DRAIN
    assert float(seconds) < PATIENCE


def test_a_start_that_has_a_large_ledger_to_bring_up_to_date_is_not_cut_short() -> None:
    """Of 256 MB it takes 10 s on a fast disk, and a ledger may be larger and a disk far slower."""
    (seconds,) = settings(service(), "TimeoutStartSec")
    assert float(seconds) >= 600


def test_an_agent_without_sockets_opens_its_own() -> None:
    document = plistlib.loads(agent(template(AGENT), replace(PLAN, unix=None, tcp=None)))
    assert "Sockets" not in document
    assert document["KeepAlive"] == {"SuccessfulExit": False}


def test_systemd_listens_where_the_daemon_would() -> None:
    text = (socket_unit(template(SOCKET_UNIT), PLAN) or b"").decode()
    assert settings(text, "ListenStream") == ["%t/pointsman/pointsman.sock", "127.0.0.1:11711"]
    own = replace(PLAN, unix=Path("/a b/100%.sock"), in_runtime=False, tcp=("::1", 4711))
    text = (socket_unit(template(SOCKET_UNIT), own) or b"").decode()
    assert settings(text, "ListenStream") == ["/a b/100%%.sock", "[::1]:4711"]


def test_what_the_daemon_opens_itself_systemd_does_not() -> None:
    no_tcp = (socket_unit(template(SOCKET_UNIT), replace(PLAN, tcp=None)) or b"").decode()
    assert settings(no_tcp, "ListenStream") == ["%t/pointsman/pointsman.sock"]
    nothing = replace(PLAN, tcp=None, unix=None)
    assert socket_unit(template(SOCKET_UNIT), nothing) is None
    assert not settings(service(nothing), "Sockets")


@pytest.mark.parametrize("name", ["a\nb", "ends in a backslash\\", "ends in a space "])
def test_a_socket_that_no_unit_can_name_is_refused(name: str) -> None:
    with pytest.raises(StartError, match="choose another socket with --socket"):
        socket_unit(template(SOCKET_UNIT), replace(PLAN, unix=Path("/run", name), in_runtime=False))


def test_no_place_is_left_empty_and_every_line_is_in_its_section() -> None:
    for text in (service(), (socket_unit(template(SOCKET_UNIT), PLAN) or b"").decode()):
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        assert not [line for line in lines if "@" in line and "@system" not in line and "~@" not in line]
        assert all(re.fullmatch(r"\[\w+\]|[A-Z]\w+=.+", line) for line in lines)


def test_nothing_is_forbidden_that_the_daemon_needs() -> None:
    text = service()
    assert not [name for name in NEVER if settings(text, name)]
    assert (
        "AF_NETLINK" in settings(text, "RestrictAddressFamilies")[0].split()
    )  # by it callers are told apart


def test_flags_are_found_in_a_command() -> None:
    assert flags_of(("/p", "serve", "--state", "/s t", "--port", "0")) == {"--state": "/s t", "--port": "0"}


def test_an_environment_is_read_as_systemctl_quotes_it() -> None:
    told = "A=1\nB=two words\nC=$'it\\'s\\n100%'\nD=\"quoted $x\"\nno equals sign"
    assert dict(environment_of(told))["C"] == "it's\n100%"
    assert dict(environment_of(told))["D"] == "quoted $x"
    assert set(dict(environment_of(told))) == {"A", "B", "C", "D"}


def written(folder: Path, plan: Plan) -> list[str]:
    folder.mkdir(parents=True)
    (folder / SERVICE_UNIT).write_bytes(service_unit(template(SERVICE_UNIT), plan))
    (folder / SOCKET_UNIT).write_bytes(socket_unit(template(SOCKET_UNIT), plan) or b"")
    return [str(folder / SERVICE_UNIT), str(folder / SOCKET_UNIT)]


def analyze(tmp_path: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    environ = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(runtime), "HOME": str(tmp_path)}
    command = ("systemd-analyze", *words)
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


@needs_systemd
@pytest.mark.parametrize("name", NASTY)
def test_systemd_has_nothing_to_say_against_the_units(tmp_path: Path, name: str) -> None:
    program = tmp_path / name / "pointsman"
    program.parent.mkdir()
    program.symlink_to("/bin/true")
    socket = None if name.endswith("\\") else tmp_path / name / "p.sock"
    plan = replace(
        PLAN,
        command=(str(program), "serve", "--state", str(tmp_path / name)),
        unix=socket,
        in_runtime=False,
        environment=(("XDG_STATE_HOME", str(tmp_path / name)),),
    )
    ran = analyze(tmp_path, "verify", "--user", "--recursive-errors=no", *written(tmp_path / "units", plan))
    assert (ran.returncode, ran.stderr) == (0, "")


@needs_systemd
def test_systemd_does_not_accept_a_program_that_is_not_there(tmp_path: Path) -> None:
    plan = replace(PLAN, command=(str(tmp_path / "no $HOME"), "serve"))
    ran = analyze(tmp_path, "verify", "--user", "--recursive-errors=no", *written(tmp_path / "units", plan))
    assert "no $HOME is not executable" in ran.stderr


@needs_systemd
def test_the_service_is_exposed_no_more_than_is_said(tmp_path: Path) -> None:
    unit, _ = written(tmp_path / "units", replace(PLAN, command=("/bin/true", "serve")))
    ran = analyze(tmp_path, "security", "--offline=true", f"--threshold={WORST * 10:.0f}", unit)
    found = re.search(r"exposure level for pointsman.service: ([0-9.]+)", ran.stdout)
    assert ran.returncode == 0
    assert found is not None
    assert float(found[1]) <= WORST
