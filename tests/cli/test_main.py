"""The command line as a whole: commands found late, exit codes, quiet ends."""

import asyncio
import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from aiohttp import web

from pointsman.cli.main import COMMANDS
from tests.cli.conftest import Run
from tests.cli.samples import STATUS
from tests.cli.stub import Stub

COMMAND = (sys.executable, "-W", "error", "-m", "pointsman.cli.main")
HEAVY = ("aiohttp", "pydantic", "apscheduler", "sqlite3", "msgspec", "psutil", "importlib.metadata")


def test_the_help_names_every_command(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        run("--help")
    out = capsys.readouterr().out
    assert leaving.value.code == 0
    assert all(f"    {command.name}" in out and command.help in out for command in COMMANDS)


@pytest.mark.parametrize("command", [command.name for command in COMMANDS if command.name != "serve"])
def test_every_command_explains_itself(run: Run, capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as leaving:
        run(command, "--help")
    assert leaving.value.code == 0
    assert f"usage: pointsman {command}" in capsys.readouterr().out


def test_no_command_shows_the_help_and_is_wrong_usage(run: Run) -> None:
    ran = run()
    assert ran.code == 2
    assert "usage: pointsman" in ran.out


@pytest.mark.parametrize("words", [("nope",), ("log", "-n", "0"), ("log", "-n", "x"), ("status", "--nope")])
def test_words_that_mean_nothing_are_wrong_usage(run: Run, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as leaving:
        run(*words)
    assert leaving.value.code == 2


def test_the_version_is_that_of_the_package(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--version")
    assert capsys.readouterr().out == f"pointsman {version('pointsman')}\n"


@pytest.mark.parametrize(
    "words", ["status", "models", "discover", "ask hi", "route hi", "why", "log", "watch"]
)
def test_without_a_daemon_each_command_says_how_to_start_it(run: Run, tmp_path: Path, words: str) -> None:
    ran = run(*words.split(), "--state", str(tmp_path))
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("pointsman: the daemon is not running")
    assert ran.err.endswith("start it with: pointsman serve\n")
    assert ran.err.count("\n") == 1


def test_a_refusal_is_one_line_and_a_failure(ask_stub: Run) -> None:
    ran = ask_stub("status")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "pointsman: nothing is served at /control/v0/status\n"


def test_the_socket_may_be_named_by_flag_and_by_variable(
    run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.answers["GET /control/v0/status"] = STATUS
    assert run("status", "--socket", str(stub.socket)).code == 0
    monkeypatch.setenv("POINTSMAN_SOCKET", str(stub.socket))
    assert run("status").code == 0
    assert [asked.through for asked in stub.asked] == ["unix", "unix"]


def test_a_socket_variable_that_is_no_path_leaves_what_was_published(
    ask_stub: Run, run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.answers["GET /control/v0/status"] = STATUS
    monkeypatch.setenv("POINTSMAN_SOCKET", "false")
    monkeypatch.setenv("POINTSMAN_STATE", str(stub.state))
    assert run("status").code == 0


def test_the_state_folder_may_be_named_by_variable_and_a_flag_wins(
    run: Run, stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.answers["GET /control/v0/status"] = STATUS
    monkeypatch.setenv("POINTSMAN_STATE", str(stub.state))
    assert run("status").code == 0
    assert run("status", "--state", str(tmp_path)).code == 3


def test_another_version_of_the_daemon_is_said_on_standard_error(ask_stub: Run, stub: Stub) -> None:
    stub.headers = {"X-Pointsman-Version": "0.0.1"}
    stub.answers["GET /control/v0/status"] = STATUS
    ran = ask_stub("status", "--json")
    assert ran.code == 0
    assert "the running daemon 0.0.1" in ran.err


def test_a_status_loads_nothing_heavy(stub: Stub) -> None:
    stub.answers["GET /control/v0/status"] = STATUS
    script = (
        "import sys; from pointsman.cli.main import main; "
        f"code = main(['status', '--state', {str(stub.state)!r}]); "
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]; "
        "sys.exit(code or ', '.join(heavy) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("words", [["--help"], ["status", "--json"]])
def test_a_reader_that_went_away_is_no_reason_to_complain(stub: Stub, words: list[str]) -> None:
    stub.answers["GET /control/v0/status"] = STATUS
    reading, writing = os.pipe()
    os.close(reading)
    environ = {**os.environ, "POINTSMAN_STATE": str(stub.state), "PYTHONUNBUFFERED": ""}
    ran = subprocess.run([*COMMAND, *words], stdout=writing, stderr=subprocess.PIPE, env=environ, check=False)
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_under_the_output_is_one_line(stub: Stub) -> None:
    stub.answers["GET /control/v0/status"] = STATUS
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [*COMMAND, "status", "--state", str(stub.state)], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (ran.returncode, ran.stderr) == (1, b"pointsman: [Errno 28] No space left on device\n")


def test_ctrl_c_ends_a_running_answer_quietly(stub: Stub) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'data: {"choices": [{"delta": {"content": "word "}}]}\n\n')
        await asyncio.Event().wait()
        return response

    stub.answers["POST /v1/chat/completions"] = endless
    with subprocess.Popen(
        [*COMMAND, "ask", "hi", "--state", str(stub.state)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as asking:
        assert asking.stdout is not None
        assert asking.stdout.read(5) == b"word "
        asking.send_signal(signal.SIGINT)
        try:
            out, err = asking.communicate(timeout=10)
        finally:
            asking.kill()  # else a Ctrl-C that is not heard hangs the test, which waits for the end
    assert (asking.returncode, out, err) == (130, b"\n", b"")


LETTERLESS = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("locale", [LETTERLESS, {"LC_ALL": "C.UTF-8"}], ids=["C", "C.UTF-8"])
def test_bytes_on_standard_input_that_are_no_text_are_one_line(stub: Stub, locale: dict[str, str]) -> None:
    ran = subprocess.run(
        [*COMMAND, "ask", "--state", str(stub.state)],
        env={**os.environ, **locale},
        input=b"\xff\xfe",
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr.startswith(b"pointsman: standard input is not text")
    assert ran.stderr.count(b"\n") == 1


def test_an_argument_that_the_locale_has_no_letters_for_is_wrong_usage() -> None:
    ran = subprocess.run(
        [*COMMAND, "route", "-m", "w\u00f6rld", "hi"],
        env={**os.environ, **LETTERLESS},
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert b"is not text in the locale's encoding ascii" in ran.stderr
    assert ran.stderr.count(b"\n") == 1


@pytest.mark.parametrize("flag", ["--state", "--socket", "--config", "--host"])
def test_an_empty_value_is_wrong_usage(run: Run, capsys: pytest.CaptureFixture[str], flag: str) -> None:
    with pytest.raises(SystemExit) as leaving:
        run("serve", flag, "")
    assert leaving.value.code == 2
    assert f"argument {flag}: must not be empty" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5"])
def test_a_number_that_is_none_is_said_in_words(
    run: Run, capsys: pytest.CaptureFixture[str], number: str
) -> None:
    with pytest.raises(SystemExit):
        run("log", f"-n{number}")
    assert f"'{number}' is no whole number above 0" in capsys.readouterr().err


def test_a_locale_without_letters_is_survived(stub: Stub) -> None:
    stub.answers["GET /control/v0/status"] = STATUS | {"summary": "日本 \ud800 \x1b[2J"}
    environ = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ran = subprocess.run(
        [*COMMAND, "status", "--state", str(stub.state)],
        env={**os.environ, **environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.startswith(rb"\u65e5\u672c \ud800 \x1b[2J")


def test_what_a_daemon_of_another_version_says_in_another_way_is_no_accident(
    ask_stub: Run, stub: Stub
) -> None:
    stub.answers["GET /control/v0/status"] = {}
    with pytest.raises(KeyError):
        ask_stub("status")
    stub.headers["X-Pointsman-Version"] = "0.0.1"
    ran = ask_stub("status")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[0].endswith("the running daemon 0.0.1: restart the daemon")
    assert ran.err.splitlines()[1].startswith("pointsman: this command does not understand")
