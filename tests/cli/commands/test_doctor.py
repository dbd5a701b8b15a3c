"""`pointsman doctor`, as it is printed."""

import json
from pathlib import Path

import pytest

from pointsman.catalogue.providers import PROVIDERS
from tests.cli.conftest import Run
from tests.cli.samples import STATUS
from tests.cli.stub import Stub
from tests.journeys.daemon import NO_CLOUD

# A folder of pytest's may be too long for a socket's path.
QUIET = "[server]\nport = 0\nsocket = false\n[discovery]\nlocal = false\n"


@pytest.fixture(autouse=True)
def _nothing_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key that somebody else would be asked with, no screen, no service manager."""
    keys = (name for row in PROVIDERS for name in row.key_env)
    for name in (*keys, "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name, value in NO_CLOUD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("POINTSMAN_CONFIG", str(tmp_path / "c.toml"))
    (tmp_path / "c.toml").write_text(QUIET, encoding="utf-8")


def test_each_finding_has_its_line_and_below_it_what_to_do(run: Run) -> None:
    ran = run("doctor")
    lines = ran.out.splitlines()
    assert lines[0].split()[:2] == ["ok", "configuration"]
    line = next(number for number, line in enumerate(lines) if line.startswith("note  daemon"))
    assert lines[line].split(maxsplit=2)[2] == "it is not running"
    assert lines[line + 1].strip() == "-> pointsman serve"
    assert lines[-1] == "1 failure, 1 warning."


def test_it_fails_where_something_does_and_a_warning_is_no_failure(run: Run, tmp_path: Path) -> None:
    assert run("doctor").code == 1, "nobody may answer"
    config = f'{QUIET}[providers.groq]\napi_key = "k"\nmodels = ["m"]\n'.replace(
        "local", "remote = false\nlocal"
    )
    (tmp_path / "c.toml").write_text(config, encoding="utf-8")
    (tmp_path / "c.toml").chmod(0o644)
    ran = run("doctor")
    assert ran.out.splitlines()[-1] == "0 failures, 1 warning."
    assert ran.code == 0


def test_for_programs_it_is_json(run: Run) -> None:
    told = json.loads(run("doctor", "--json").out)
    assert set(told) == {"version", "findings", "warnings", "failures"}
    assert set(told["findings"][0]) == {"topic", "state", "what", "why", "to_do", "where"}
    assert {one["where"] for one in told["findings"]} == {"here"}
    states = [one["state"] for one in told["findings"]]
    assert (states.count("warn"), states.count("fail")) == (told["warnings"], told["failures"])


def test_inside_it_looks_at_what_depends_on_the_environment_alone(run: Run) -> None:
    told = json.loads(run("doctor", "--json", "--inside").out)
    topics = {one["topic"] for one in told["findings"]}
    assert topics == {"configuration", "socket", "engines", "keys", "ledger", "system"}


def test_it_says_nothing_beside_its_findings(run: Run, tmp_path: Path) -> None:
    (tmp_path / "credentials.toml").write_text("groq = 1\n", encoding="utf-8")
    assert run("doctor").err == ""


def test_a_daemon_of_another_version_is_told(ask_stub: Run, stub: Stub) -> None:
    stub.headers["X-Pointsman-Version"] = "0.0.1"
    stub.answers["GET /control/v0/status"] = STATUS
    told = json.loads(ask_stub("doctor", "--json").out)
    found = next(one for one in told["findings"] if one["what"] == "it is of another version")
    assert found["state"] == "warn"
    assert "the running daemon 0.0.1" in found["why"]


def test_what_another_version_tells_in_another_way_breaks_nothing(ask_stub: Run, stub: Stub) -> None:
    stub.headers["X-Pointsman-Version"] = "0.0.1"
    stub.answers["GET /control/v0/status"] = {"url": "http://127.0.0.1:1", "version": "0.0.1"}
    told = json.loads(ask_stub("doctor", "--json").out)
    states = [(one["state"], one["why"]) for one in told["findings"] if one["topic"] == "daemon"]
    assert states[0][0] == "warn"
    assert states[1] == ("fail", "this command does not understand what it says of itself")


def test_a_daemon_that_refuses_to_tell_is_a_failure(ask_stub: Run) -> None:
    told = json.loads(ask_stub("doctor", "--json").out)
    (found,) = (one for one in told["findings"] if one["topic"] == "daemon")
    assert found["state"] == "fail"
