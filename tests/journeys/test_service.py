"""Under a service manager: sockets that were there before the daemon, what it is told, stops and kills."""

import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import httpx
import pytest

from tests.journeys.conftest import chat
from tests.journeys.daemon import COMMAND, LOOK_EVERY, NO_CLOUD, Daemon
from tests.journeys.test_process import SlowEngine
from tests.service.manager import Manager, Told

ACTIVATE = shutil.which("systemd-socket-activate")
needs_systemd = pytest.mark.skipif(ACTIVATE is None, reason="systemd-socket-activate is not installed")
HANGING = (sys.executable, str(Path(__file__).with_name("hanging.py")))
PATIENCE = 200_000  # microseconds
TOKENS = 1_000
NANO_A_TOKEN = 10_000
PRICED = f"""\
api_key = "sk-a"
tier = "paid"
[prices."a/slow"]
input = 1
output = {NANO_A_TOKEN // 1000}
[budgets.day]
window = "day"
limit = 1
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="pm-") as folder:
        yield Path(folder)


@pytest.fixture
def told(folder: Path) -> Iterator[Told]:
    with Told(f"@{folder}") as told:
        yield told


@pytest.fixture
def engine() -> Iterator[SlowEngine]:
    with SlowEngine() as engine:
        yield engine


def heard_by(told: Told) -> Mapping[str, str]:
    return {"NOTIFY_SOCKET": told.address, "WATCHDOG_USEC": str(PATIENCE)}


def until(daemon: Daemon, is_so: Callable[[], bool]) -> None:
    while not is_so():
        assert not daemon.ends_within(LOOK_EVERY), daemon.stderr


class Activated:
    """A daemon that systemd-socket-activate becomes at the first connection."""

    def __init__(self, folder: Path, told: Told, config: str) -> None:
        self.path = folder / "state" / "pointsman.sock"
        self.path.parent.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        listen = ["-l", str(self.path), "-l", f"127.0.0.1:{self.port}", "--fdname=unix:tcp"]
        environ = [f"-E{name}={value}" for name, value in {**NO_CLOUD, **heard_by(told)}.items()]
        self.daemon = Daemon(
            config=config, port=None, folder=folder, command=[str(ACTIVATE), *listen, *environ, *COMMAND]
        )

    def __enter__(self) -> Self:
        self.daemon.launch()
        until(self.daemon, lambda: self.daemon.stderr.count("Listening on") == 2)
        return self

    def __exit__(self, *_: object) -> None:
        self.daemon.close()

    @property
    def published(self) -> Mapping[str, object]:
        facts: Mapping[str, object] = json.loads((self.daemon.state / "daemon.json").read_bytes())
        return facts

    def http(self, *, unix: bool) -> httpx.Client:
        transport = httpx.HTTPTransport(uds=str(self.path) if unix else None)
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", transport=transport, timeout=30)


@needs_systemd
@pytest.mark.parametrize("unix", [True, False])
def test_the_first_request_is_what_starts_it_and_is_answered(
    folder: Path, told: Told, engine: SlowEngine, unix: bool
) -> None:
    engine.go_on.set()
    with Activated(folder, told, engine.config) as activated:
        with activated.http(unix=unix) as http:
            answer = http.post("/v1/chat/completions", json=chat())
            assert answer.json()["choices"][0]["message"]["content"] == "onetwo"
        assert activated.published["url"] == f"http://127.0.0.1:{activated.port}"
        assert activated.published["socket"] == str(activated.path)
        assert told.until("READY=1")
        assert told.until("STATUS=1 model; local: a")
        assert activated.daemon.stop() == 0
        assert activated.path.is_socket()  # its manager goes on to listen there


def test_when_it_says_ready_it_serves(folder: Path, told: Told, engine: SlowEngine) -> None:
    daemon = Daemon(config=engine.config, folder=folder, environ=heard_by(told))
    try:
        daemon.launch()
        told.until("READY=1")
        url = json.loads((daemon.state / "daemon.json").read_bytes())["url"]
        assert httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
    finally:
        daemon.close()


def test_who_cannot_start_never_says_ready(folder: Path, told: Told) -> None:
    (folder / "state" / "ledger.sqlite3").mkdir(parents=True)  # met when its sockets listen already
    daemon = Daemon(folder=folder, environ=heard_by(told))
    daemon.launch()
    assert daemon.ended() == 1
    assert "ledger" in daemon.stderr
    assert set(map(tuple, told.rest())) <= {("WATCHDOG=1",)}


def test_what_is_used_is_told_again_when_it_is_gone(folder: Path, told: Told, engine: SlowEngine) -> None:
    engine.go_on.set()
    with (
        Daemon(config=engine.config, folder=folder, environ=heard_by(told)) as daemon,
        daemon.http() as http,
    ):
        told.until("STATUS=1 model; local: a")
        engine.__exit__()
        until(daemon, lambda: http.post("/v1/chat/completions", json=chat()).status_code == 503)
        told.until("STATUS=no models")


def test_a_reload_is_told_and_what_is_wrong_with_a_bad_file(
    folder: Path, told: Told, engine: SlowEngine
) -> None:
    with Daemon(config=engine.config, folder=folder, environ=heard_by(told)) as daemon:
        told.until("STATUS=1 model; local: a")
        daemon.write_config("[models\n")
        daemon.process.send_signal(signal.SIGHUP)
        told.until("RELOADING=1")
        (status,) = told.until("READY=1")[1:]
        assert f"{daemon.config_file}:1: not valid TOML" in status
        daemon.write_config(engine.config)
        daemon.process.send_signal(signal.SIGHUP)
        told.until("RELOADING=1")
        assert told.until("READY=1")[1:] == ["STATUS=1 model; local: a"]


def test_while_it_stops_a_hangup_does_not_say_that_it_is_ready_again(
    folder: Path, told: Told, engine: SlowEngine
) -> None:
    with Daemon(config=engine.config, folder=folder, environ=heard_by(told)) as daemon, daemon.http() as http:
        told.until("STATUS=1 model; local: a")
        with http.stream("POST", "/v1/chat/completions", json=chat(stream=True)) as answer:
            lines = answer.iter_lines()
            assert "one" in next(lines)
            daemon.process.send_signal(signal.SIGTERM)
            told.until("STOPPING=1")
            daemon.process.send_signal(signal.SIGHUP)
            said = [told.next() for _ in range(3)]
            engine.go_on.set()
            assert list(lines)[-2:] == ["data: [DONE]", ""]
        assert daemon.ended() == 0
    assert {message[0] for message in [*said, *told.rest()]} <= {"WATCHDOG=1"}


@needs_systemd
def test_a_command_wakes_a_daemon_that_is_started_by_its_socket(
    folder: Path, told: Told, engine: SlowEngine
) -> None:
    with Activated(folder, told, engine.config) as activated:
        command = (sys.executable, "-m", "pointsman.cli.main", "status", "--json")
        environ = {"HOME": str(folder), "POINTSMAN_STATE": str(folder / "state")}
        asked = subprocess.run(command, env=environ, capture_output=True, timeout=30, check=False)
        assert asked.returncode == 0, asked.stderr
        assert json.loads(asked.stdout)["url"] == f"http://127.0.0.1:{activated.port}"


@needs_systemd
def test_a_stop_is_told_at_once_and_lets_a_stream_end_while_signs_of_life_go_on(
    folder: Path, told: Told, engine: SlowEngine
) -> None:
    with Activated(folder, told, engine.config) as activated, activated.http(unix=True) as http:
        with http.stream("POST", "/v1/chat/completions", json=chat(stream=True)) as answer:
            lines = answer.iter_lines()
            assert "one" in next(lines)
            activated.daemon.process.send_signal(signal.SIGTERM)
            told.until("STOPPING=1")
            for _ in range(3):
                told.until("WATCHDOG=1")
            assert not activated.daemon.ends_within(0)
            engine.go_on.set()
            assert list(lines)[-2:] == ["data: [DONE]", ""]
        assert activated.daemon.ended() == 0


def test_a_loop_that_hangs_gives_no_sign_of_life(folder: Path, told: Told) -> None:
    with Daemon(folder=folder, environ=heard_by(told), command=HANGING) as daemon:
        until(daemon, lambda: "ready" in daemon.stdout)
        told.rest()
        for _ in range(3):
            told.until("WATCHDOG=1")
        daemon.process.send_signal(signal.SIGUSR1)
        until(daemon, lambda: "hangs" in daemon.stdout)
        told.rest()
        assert told.next(within=3 * PATIENCE / 1e6) == []
        daemon.process.send_signal(signal.SIGUSR2)
        told.until("WATCHDOG=1")
        assert daemon.stop() == 0


@contextmanager
def held(folder: Path, config: str) -> Iterator[tuple[Manager, Daemon]]:
    """A daemon at sockets that outlast it; it is not started yet."""
    with Manager(folder) as manager:
        command = manager.starting(*COMMAND)
        daemon = Daemon(config=config, port=None, folder=folder, command=command, pass_fds=manager.fds)
        try:
            yield manager, daemon
        finally:
            daemon.close()


def test_a_kill_in_a_paid_stream_loses_nothing_and_who_comes_before_the_next_start_is_answered(
    folder: Path, engine: SlowEngine
) -> None:
    with held(folder, engine.config + PRICED) as (manager, daemon), ThreadPoolExecutor(1) as elsewhere:
        daemon.start()
        with daemon.http(unix=True) as http:
            body = chat("slow", stream=True, max_tokens=TOKENS)
            with http.stream("POST", "/v1/chat/completions", json=body) as answer:
                lines = answer.iter_lines()
                assert "one" in next(lines)
                daemon.kill()
                with pytest.raises(httpx.TransportError):
                    list(lines)
        engine.go_on.set()
        body = chat("slow", max_tokens=TOKENS)
        with daemon.http(unix=True) as http:
            waiting = elsewhere.submit(http.post, "/v1/chat/completions", json=body)
            daemon.start()
            assert waiting.result().status_code == 200
            assert (daemon.socket, daemon.url) == (manager.path, f"http://127.0.0.1:{manager.port}")
            after, lost = http.get("/control/v0/decisions").json()["requests"]
            (attempt,) = http.get(f"/control/v0/decisions/{lost['id']}").json()["attempts"]
            (day,) = http.get("/control/v0/budgets").json()["budgets"]
        assert attempt["outcome"] == "lost"
        assert attempt["cost"] == attempt["reserved"] > TOKENS * NANO_A_TOKEN
        assert (day["spent"], day["reserved"]) == (lost["cost"] + after["cost"], 0)


def test_the_managers_sockets_are_served_whatever_the_configuration_says_and_it_is_told(
    folder: Path, engine: SlowEngine
) -> None:
    config = f"[server]\nport = 1\nsocket = false\n{engine.config}"
    with held(folder, config) as (manager, daemon):
        daemon.start()
        for unix in (True, False):
            with daemon.http(unix=unix) as http:
                assert http.get("/healthz").status_code == 200
        assert daemon.stop() == 0
        assert daemon.stderr.count("`pointsman service install`") == 2
        assert manager.path.is_socket()


def test_a_kind_that_the_manager_does_not_hold_is_bound_as_always(folder: Path, engine: SlowEngine) -> None:
    with Manager(folder) as manager:
        only_unix = manager.fds[:1]
        command = manager.starting(*COMMAND, fds=only_unix)
        with Daemon(config=engine.config, folder=folder, command=command, pass_fds=only_unix) as daemon:
            assert daemon.socket == manager.path
            assert daemon.url != f"http://127.0.0.1:{manager.port}"
            with daemon.http() as http:
                assert http.get("/healthz").status_code == 200


def test_what_may_not_be_served_stops_the_start_and_says_why(folder: Path) -> None:
    with held(folder, "") as (manager, daemon):
        manager.path.chmod(0o666)
        daemon.launch()
        assert daemon.ended() == 1
        assert "may be used by other accounts: set SocketMode=0600" in daemon.stderr
