"""Real engines are found where they are, with nothing configured."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.daemon import Daemon
from tests.real.engine import RealEngine, StartEngine

USUAL = {8080: "llama-server", 9931: "llama-server-9931"}


@pytest.fixture
def engines(start_engine: StartEngine) -> Iterator[dict[str, RealEngine]]:
    """By the ids they must get: one on a usual port, one on an odd one, one on a Unix socket."""
    usual = _on_a_usual_port(start_engine)
    odd = start_engine()
    with tempfile.TemporaryDirectory(prefix="pm-") as folder:
        on_socket = start_engine(socket=Path(folder) / f"only-{odd.pid}.sock")
        odd_port = odd.url.rpartition(":")[2]
        yield {**usual, f"llama-server-{odd_port}": odd, f"only-{odd.pid}": on_socket}


def _on_a_usual_port(start_engine: StartEngine) -> dict[str, RealEngine]:
    for port, name in USUAL.items():
        try:
            return {name: start_engine(port=port)}
        except RuntimeError:
            continue
    pytest.skip(f"the ports {', '.join(map(str, USUAL))} are not free")


def places(daemon: Daemon) -> list[tuple[str, str]]:
    with daemon.http() as http:
        endpoints = http.get("/control/v0/status").json()["endpoints"]
    return [(one["place"], one["id"]) for one in endpoints if one["health"] == "up"]


def place(engine: RealEngine) -> str:
    return f"unix:{engine.socket}" if engine.socket else engine.api_base


def test_three_engines_are_found_each_once_and_under_the_same_names_again(
    engines: dict[str, RealEngine],
) -> None:
    expected = [(place(engine), name) for name, engine in engines.items()]
    ours = {where for where, _ in expected}
    with Daemon() as daemon:
        for _ in range(2):
            with daemon.http() as http:
                http.post("/control/v0/discover").raise_for_status()
            assert sorted(found for found in places(daemon) if found[0] in ours) == sorted(expected)
            daemon.stop()
            daemon.start()
