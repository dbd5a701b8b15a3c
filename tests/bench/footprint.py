"""What the daemon costs by being there: its start, its memory, its idling, its command line."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from statistics import median
from time import perf_counter

import httpx
import psutil

from tests.bench.children import Load
from tests.bench.rounds import STREAM_10, Target
from tests.journeys.daemon import Daemon

MEBIBYTE = 1024 * 1024
GIVES_UP_AFTER = 15.0  # seconds
LOOK_EVERY = 0.002


def seconds_to_first_answer(config: str, times: int) -> float:
    """From the start of `pointsman serve` to the end of its first answer; the median."""
    return median(_start(config) for _ in range(times))


def _start(config: str) -> float:
    port = _free_port()
    daemon = Daemon(config=config, port=port)
    try:
        started = perf_counter()
        daemon.launch()
        while not _answers(port):
            if perf_counter() - started > GIVES_UP_AFTER or daemon.ends_within(LOOK_EVERY):
                raise RuntimeError(f"the daemon gave no answer\n{daemon.stdout}{daemon.stderr}")
        return perf_counter() - started
    finally:
        daemon.close()


def _answers(port: int) -> bool:
    body = json.dumps({"model": "auto", "messages": [{"role": "user", "content": "hello"}]})
    connection = HTTPConnection("127.0.0.1", port)
    try:
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def hanging() -> Iterator[str]:
    """The URL of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def milliseconds_of_models(daemon: Daemon, times: int) -> float:
    """Of the list of models while the daemon looks around; the median."""
    with daemon.http() as http, ThreadPoolExecutor(1) as looking:
        look = looking.submit(http.post, "/control/v0/discover")
        taken = [_seconds_of(http, "/v1/models") * 1000 for _ in range(times)]
        assert not look.done(), "the look was over before the list was had"
    return median(taken)


def _seconds_of(http: httpx.Client, path: str) -> float:
    started = perf_counter()
    http.get(path).raise_for_status()
    return perf_counter() - started


def resident(daemon: Daemon) -> float:
    """MiB of memory."""
    return psutil.Process(daemon.pid).memory_info().rss / MEBIBYTE


def resident_after_list(daemon: Daemon, models: int) -> float:
    """MiB of memory, once it knows a cloud's models."""
    with daemon.http() as http:
        http.post("/control/v0/discover").raise_for_status()
        known = http.get("/control/v0/models").raise_for_status().json()["models"]
    assert len(known) > models, f"it knows {len(known)} models only"
    return resident(daemon)


def idle_share(daemon: Daemon, seconds: float) -> float:
    """Per cent of one core that the daemon takes while nobody asks it anything."""
    process = psutil.Process(daemon.pid)
    before = process.cpu_times()
    if daemon.ends_within(seconds):
        raise RuntimeError(f"the daemon ended while it was idle\n{daemon.stderr}")
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / seconds * 100


def resident_after_streams(daemon: Daemon, load: Load, target: Target, count: int) -> tuple[float, float]:
    """MiB after half of them and after all."""
    job = replace(target.job(STREAM_10, seconds=600), count=count // 2)
    load.run(job)
    half = resident(daemon)
    load.run(job)
    return half, resident(daemon)


def seconds_of_status(daemon: Daemon, times: int) -> float:
    """Of a whole run of `pointsman status`; the median."""
    return median(_status(daemon) for _ in range(times))


def _status(daemon: Daemon) -> float:
    command = [sys.executable, "-m", "pointsman.cli.main", "status", "--state", str(daemon.state)]
    environ = {"HOME": str(daemon.folder), "PATH": os.environ["PATH"]}
    started = perf_counter()
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - started
