"""`pointsman discover`."""

import json

from pointsman.server.control.shapes import DiscoveredShape, JobShape
from tests.cli.conftest import Run
from tests.cli.samples import ENDPOINT
from tests.cli.stub import Stub

PATH = "POST /control/v0/discover"
FOUND = DiscoveredShape(
    seconds=0.4,
    new=["llama-server"],
    endpoints=[ENDPOINT],
    models={"local": 2, "free": 0, "paid": 0, "unknown": 0},
    looked_for=["llama-server on 127.0.0.1:8080"],
    failed=[JobShape(name="looking for ports", failures=1, error="boom")],
)


def test_what_is_there_and_what_is_new_is_told(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = FOUND
    ran = ask_stub("discover")
    assert ran.code == 0
    heads, row, *_ = ran.out.splitlines()
    assert heads.endswith("MODELS  NEW")
    assert row == "llama-server  llama.cpp server  http://127.0.0.1:8080/v1  local  up      2       new"
    assert "Models: 2 local. New: llama-server." in ran.out
    assert "Looked for llama-server on 127.0.0.1:8080, in 400 ms." in ran.out
    assert ran.err == "looking ...\nlooking for ports failed: boom\n"


def test_json_says_nothing_else(ask_stub: Run, stub: Stub) -> None:
    stub.answers[PATH] = FOUND
    ran = ask_stub("discover", "--json")
    assert (json.loads(ran.out), ran.err) == (FOUND, "")
