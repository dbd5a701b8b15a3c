"""`pointsman watch`, beside a real daemon that is stopped and started again."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.journeys.conftest import chat
from tests.journeys.daemon import Daemon

WATCH = (sys.executable, "-m", "pointsman.cli.main", "watch", "--state")
NOWHERE = "[discovery]\nlocal = false\nremote = false\n"


@contextmanager
def watching(daemon: Daemon) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*WATCH, str(daemon.state)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watch:
        try:
            yield watch
        finally:
            watch.kill()


def said(watch: subprocess.Popen[str]) -> list[str]:
    assert watch.stdout is not None
    return watch.stdout.readline().split()


def ask(daemon: Daemon) -> None:
    """What nobody can answer, as there is no model."""
    with daemon.http() as http:
        assert http.post("/v1/chat/completions", json=chat()).status_code == 503


def test_a_request_is_a_line_before_and_after_the_daemon_was_started_anew() -> None:
    with Daemon(config=NOWHERE) as daemon, watching(daemon) as watch:
        for _ in range(2):
            assert said(watch)[:2] == ["WHEN", "ID"]
            ask(daemon)
            assert said(watch)[2:4] == ["auto", "-"]
            assert daemon.stop() == 0
            daemon.start()
        assert said(watch)[:2] == ["WHEN", "ID"]
        watch.send_signal(signal.SIGINT)
        _, err = watch.communicate(timeout=10)
        assert (watch.returncode, err) == (130, "the daemon is gone; waiting for it to come back\n" * 2)
