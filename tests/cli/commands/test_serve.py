"""`pointsman serve`: what it says when it stands. The daemon itself has its own tests."""

import io
import os
from pathlib import Path

import pytest

from pointsman.cli.commands.serve import _announce
from pointsman.cli.show import Screen
from pointsman.server.rooms import Info
from pointsman.types import Endpoint, FoundBy, Health, Model, Place, Snapshot, Tier
from tests.cli.conftest import Run

INFO = Info("0.1.0", 1, 0.0, "http://127.0.0.1:11711", "/run/p.sock", "/state")
ENGINE = Endpoint(
    "llama-server", "llama-server", Place("http://127.0.0.1:8080/v1"), FoundBy.PORT, tier=Tier.LOCAL
)
GONE = Endpoint("old", "vllm", Place("http://127.0.0.1:8000/v1"), FoundBy.PORT, health=Health.AWAY)


def announced(snapshot: Snapshot) -> list[str]:
    out = io.StringIO()
    _announce(Screen(out, out, {}), INFO, snapshot, ("llama.cpp server on 127.0.0.1:8080",))
    return out.getvalue().splitlines()


def test_it_says_where_it_listens_what_it_found_and_a_line_that_works() -> None:
    models = tuple(Model(f"llama-server/m{n}", f"m{n}", f"m{n}", ENGINE, Tier.LOCAL) for n in range(6))
    first, found, curl = announced(Snapshot(endpoints=(ENGINE, GONE), models=models))
    assert first == "Pointsman 0.1.0 listens on http://127.0.0.1:11711 and unix:/run/p.sock"
    assert found == ("  llama-server at http://127.0.0.1:8080/v1, local, 6 models: m0, m1, m2, m3, m4, ...")
    assert curl.startswith("Try: curl http://127.0.0.1:11711/v1/chat/completions -H ")


def test_where_nothing_is_found_it_names_the_ways_on() -> None:
    told = announced(Snapshot(endpoints=(GONE,)))
    assert told[1] == "No model was found. Looked for: llama.cpp server on 127.0.0.1:8080. Three ways on:"
    assert [line[:4] for line in told[2:5]] == ["  - "] * 3


def test_where_models_only_want_a_key_it_does_not_say_that_there_are_none() -> None:
    note = "needs sign-in: pointsman keys set cloud"
    cloud = Endpoint(
        "cloud", "openrouter", Place("https://c.test"), FoundBy.OPEN, health=Health.SIGN_IN, note=note
    )
    free = tuple(Model(f"cloud/{name}", name, name, cloud, Tier.FREE) for name in ("a", "b"))
    _, first, *ways, offer, _ = announced(Snapshot(endpoints=(cloud,), models=free))
    assert first.startswith(
        "No model was found but 2 models for which a key is needed, see below. Looked for:"
    )
    assert len(ways) == 3
    assert offer == f"  cloud at https://c.test, free, 2 models: a, b ({note})"


@pytest.mark.parametrize("port", ["65536", "-1", "x"])
def test_a_port_that_is_none_is_wrong_usage(run: Run, capsys: pytest.CaptureFixture[str], port: str) -> None:
    with pytest.raises(SystemExit) as leaving:
        run("serve", f"--port={port}")
    assert leaving.value.code == 2
    assert f"'{port}' is no port: they go from 1 to 65535" in capsys.readouterr().err


def test_a_configuration_that_does_not_hold_is_one_clear_failure(run: Run) -> None:
    ran = run("serve", "--config", "/no/such.toml")
    assert ran.code == 1
    assert ran.err.startswith("pointsman: /no/such.toml")


def test_what_a_service_manager_says_to_it_is_not_said_to_its_children(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = {"NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "1", "LISTEN_PID": "1", "LISTEN_FDS": "1"}
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LANG", "C")
    run("serve", f"--config={tmp_path / 'none.toml'}")  # which ends at once, as there is no such file
    assert not said.keys() & os.environ.keys()
    assert os.environ["LANG"] == "C"
