"""`pointsman log`."""

import json
import time
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


def test_of_what_is_under_way_only_its_beginning_is_known(ask_stub: Run, stub: Stub) -> None:
    begun = time.time() - 3_601
    line = {**LINE, "at": begun, "status": 0, "model": "", "tier": "", "cost": None, "seconds": 0.1}
    stub.answers[PATH] = {"requests": [line]}
    assert ask_stub("log").out.splitlines()[1].split()[-5:] == ["-", "1", "h", "under", "way"]


def test_how_long_it_took_until_a_crash_is_not_known(ask_stub: Run, stub: Stub) -> None:
    lost = "Pointsman was ended in the middle of it"
    line = {**LINE, "status": 0, "model": "", "tier": "", "cost": 0, "seconds": 0.1, "error": lost}
    stub.answers[PATH] = {"requests": [line]}
    assert " ".join(ask_stub("log").out.splitlines()[1].split()).endswith(f" $0 - lost {lost}")


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
