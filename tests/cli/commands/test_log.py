"""`pointsman log`."""

import json
from argparse import ArgumentParser

from pointsman.cli.commands.log import MOST, arguments
from pointsman.server.control.decisions import HIGHEST_LIMIT
from tests.cli.conftest import Run
from tests.cli.samples import LINE
from tests.cli.stub import Stub

PATH = "GET /control/v0/decisions"


def test_each_request_is_a_line(ask_stub: Run, stub: Stub) -> None:
    refused = LINE | {"model": "", "tier": "", "asked": "", "status": 404, "error": "no model is called x"}
    stub.answers[PATH] = {"requests": [LINE, refused]}
    ran = ask_stub("log", "-n", "2")
    heads, first, second = ran.out.splitlines()
    assert heads.split()[:5] == ["WHEN", "ID", "APP", "ASKED", "MODEL"]
    assert first.split()[2:] == ["abc123", "aider", "auto", "llama-server/qwen", "local"] + [
        *["120", "45", "$0", "3.2", "s", "200"]
    ]
    assert "(none)" in second
    assert second.endswith("404     no model is called x")
    assert stub.asked[0].path == "/control/v0/decisions?limit=2"


def test_a_long_error_is_shortened(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = {"requests": [LINE | {"status": 503, "error": "too long " * 50}]}
    shown = ask_stub("log").out.splitlines()[1].split("503     ")[1]
    assert shown.startswith("too long too long")
    assert shown.endswith("...")
    assert len(shown) <= 60


def test_what_is_under_way_has_no_status_yet(ask_stub: Run, stub: Stub) -> None:
    line = {**LINE, "status": 0, "model": "", "tier": "", "error": ""}
    stub.answers["GET /control/v0/decisions"] = {"requests": [line]}
    assert "under way" in ask_stub("log").out


def test_the_help_names_the_most_that_the_daemon_takes() -> None:
    parser = ArgumentParser()
    arguments(parser)
    assert MOST == HIGHEST_LIMIT
    assert "at most 1,000" in parser.format_help()


def test_an_empty_log_is_said_and_is_no_failure(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = {"requests": []}
    ran = ask_stub("log")
    assert (ran.code, ran.out, ran.err) == (0, "", "no request yet\n")


def test_json_is_the_daemons_own_answer(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = {"requests": [LINE]}
    assert json.loads(ask_stub("log", "--json").out) == {"requests": [LINE]}
