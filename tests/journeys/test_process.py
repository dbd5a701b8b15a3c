"""The daemon as a process: how it starts, refuses to start, and stops."""

import json
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from pointsman.build import Setup
from pointsman.daemon import Options, running, settle
from pointsman.server.instance import sole
from tests.journeys.daemon import COMMAND, Daemon


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


STATUS = (sys.executable, "-m", "pointsman.cli.main", "status")


def refused(daemon: Daemon, code: int = 1) -> str:
    """What a daemon says that does not start, or another command that fails."""
    try:
        daemon.launch()
        assert daemon.ended() == code
        assert daemon.stdout == ""
        return daemon.stderr
    finally:
        daemon.close()


def test_starts_with_nothing_at_all_and_says_what_it_looked_for() -> None:
    with Daemon(port=None, environ={"POINTSMAN_PORT": "0"}) as daemon, daemon.http() as http:
        status = http.get("/control/v0/status").json()
        assert any("llama.cpp" in words for words in status["looked_for"])
        assert daemon.stop() == 0
        assert f"{daemon.url}/v1/chat/completions" in daemon.stdout


def test_a_second_daemon_says_where_the_first_is(tmp_path: Path) -> None:
    with Daemon() as first:
        said = refused(Daemon(flags=["--state", str(first.state)]))
        assert first.url in said
        assert str(first.pid) in said


def test_a_socket_left_by_a_crash_is_replaced() -> None:
    with Daemon() as daemon:
        daemon.kill()
        assert daemon.socket is not None
        assert daemon.socket.exists()
        daemon.start()
        with daemon.http(unix=True) as http:
            assert http.get("/healthz").status_code == 200


def test_a_socket_that_somebody_listens_on_is_left_alone() -> None:
    with Daemon() as first:
        said = refused(Daemon(flags=["--socket", str(first.socket)]))
        assert f"another program listens on {first.socket}" in said
        with first.http(unix=True) as http:
            assert http.get("/healthz").status_code == 200


def test_a_port_that_was_chosen_and_is_taken_stops_the_start(taken_port: int) -> None:
    said = refused(Daemon(port=taken_port))
    assert f"port {taken_port}" in said
    assert "--port" in said


def test_a_broken_configuration_starts_nothing_and_says_the_line() -> None:
    said = refused(Daemon(config="[server]\nport = 0\nsokcet = false\n"))
    assert "config.toml:3" in said
    assert "did you mean" in said.lower()
    assert "socket" in said


def test_no_socket_where_none_is_wanted() -> None:
    with Daemon(config="[server]\nsocket = false\n") as daemon:
        assert daemon.socket is None
        assert daemon.published["socket"] is None


def test_only_the_owner_may_use_the_socket_and_the_files() -> None:
    with Daemon() as daemon:
        assert daemon.socket is not None
        modes = {path.name: path.stat().st_mode & 0o777 for path in daemon.state.iterdir()}
        assert set(modes.values()) == {0o600}, modes


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_stops_cleanly_and_leaves_no_trace_of_running(by: signal.Signals) -> None:
    with Daemon() as daemon:
        socket_path = daemon.socket
        assert daemon.stop(by) == 0
        assert daemon.stderr == ""
        assert not (daemon.state / "daemon.json").exists()
        assert socket_path is not None
        assert not socket_path.exists()


ON_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
terminal = os.open(sys.argv[1], os.O_RDWR)
fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
os.close(terminal)
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.mark.parametrize("nohup", [False, True])
def test_a_terminal_that_is_closed_takes_its_daemon_with_it_unless_that_was_told_to_stay(
    *, nohup: bool
) -> None:
    ours, its = os.openpty()
    start = (sys.executable, "-c", ON_TERMINAL, os.ttyname(its))
    with Daemon(command=(*start, *(["/usr/bin/nohup"] if nohup else []), *COMMAND)) as daemon:
        daemon.process.send_signal(signal.SIGHUP)
        daemon.await_that(lambda: "the configuration was read again" in daemon.stderr)
        os.close(its)
        os.close(ours)
        if nohup:
            daemon.await_that(lambda: daemon.stderr.count("the configuration was read again") == 2)
            assert daemon.stop() == 0
        else:
            assert daemon.ended() == 0


def test_watchers_of_events_do_not_keep_it_from_stopping() -> None:
    with Daemon() as daemon, daemon.http() as http, http.stream("GET", "/control/v0/events") as events:
        assert next(events.iter_lines()).startswith(":")
        assert daemon.stop() == 0


def test_a_stop_lets_a_running_stream_end() -> None:
    with SlowEngine() as engine, Daemon(config=engine.config) as daemon, daemon.http() as http:
        body = {"messages": [{"role": "user", "content": "x"}], "stream": True}
        with http.stream("POST", "/v1/chat/completions", json=body) as answer:
            lines = answer.iter_lines()
            assert "one" in next(lines)
            daemon.process.send_signal(signal.SIGTERM)
            assert not daemon.ends_within(0.3)
            engine.go_on.set()
            assert list(lines)[-2:] == ["data: [DONE]", ""]
        assert daemon.ended() == 0


def test_while_it_waits_it_says_so_and_is_found_and_a_second_signal_ends_it_at_once() -> None:
    with SlowEngine() as engine, Daemon(config=engine.config) as daemon, daemon.http() as http:
        body = {"messages": [{"role": "user", "content": "x"}], "stream": True}
        with http.stream("POST", "/v1/chat/completions", json=body) as answer:
            lines = answer.iter_lines()  # held: a stream that nobody holds is closed
            assert "one" in next(lines)
            daemon.process.send_signal(signal.SIGTERM)
            assert not daemon.ends_within(1)
            assert "waiting for answers under way, at most 30 s; once more stops at once" in daemon.stderr
            assert daemon.url in refused(Daemon(flags=["--state", str(daemon.state)]))
            said = refused(Daemon(command=STATUS, port=None, flags=["--state", str(daemon.state)]), code=3)
            assert f"process {daemon.pid} is starting or stopping" in said
            assert daemon.stop() == 130
        assert daemon.stderr.count("\n") == 1


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pm-") as folder:
        (Path(folder) / "config.toml").write_text(
            "[discovery]\nlocal = false\nremote = false\n", encoding="utf-8"
        )
        yield Path(folder)


def default_start(home: Path, **environ: str) -> Setup:
    """With no state folder named, which would bring a socket of its own."""
    options = Options(config=home / "config.toml", port=0)
    return settle(options, {"HOME": str(home), "XDG_STATE_HOME": str(home), **environ})


@pytest.mark.parametrize("runtime", ["here", "/no/such/folder", f"/tmp/{'long' * 30}"])
async def test_a_runtime_folder_of_no_use_leaves_the_state_folder_for_the_socket(
    home: Path, runtime: str
) -> None:
    setup = default_start(home, XDG_RUNTIME_DIR=runtime)
    with sole(setup.paths):
        async with running(setup, {}) as rooms:
            assert rooms.info.socket == str(home / "pointsman" / "pointsman.sock")


async def test_where_no_socket_can_be_had_it_goes_on_with_tcp_and_says_why(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    setup = default_start(home, XDG_STATE_HOME=str(home / ("long" * 30)))
    with sole(setup.paths):
        async with running(setup, {}) as rooms:
            assert rooms.info.socket == ""
    (said,) = caplog.messages
    assert said.startswith("there is no Unix socket, only TCP: the socket's path is longer than")


class SlowEngine:
    """A llama-server in a thread, which says its second word when it is told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def config(self) -> str:
        port = self._server.getsockname()[1]
        return f'[discovery]\nlocal = false\nremote = false\n[providers.a]\napi_base = "http://127.0.0.1:{port}/v1"\n'

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        request = connection.recv(1 << 16)
        head = b"HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nConnection: close\r\nContent-Type: "
        if request.startswith(b"POST"):
            connection.sendall(head + b"text/event-stream\r\n\r\n" + _chunk("one", None))
            self.go_on.wait()
            connection.sendall(_chunk("two", "stop") + b"data: [DONE]\n\n")
        elif request.startswith(b"GET /v1/models "):
            connection.sendall(head + b'application/json\r\n\r\n{"object":"list","data":[{"id":"slow"}]}')
        else:
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")


def _chunk(content: str, finish: str | None) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"
