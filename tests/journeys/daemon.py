"""The real daemon as a child process: `pointsman serve` in a home of its own.

    with Daemon(config='...') as daemon:            # or `async with`, which leaves the event loop free
        ... daemon.url, daemon.socket, daemon.http(), daemon.stdout, daemon.stop(), daemon.kill()

It sees no more of the environment than it is given, and so no configuration of the user's.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Self

import httpx

STARTS_WITHIN = 15.0  # seconds; it takes half of one on an idle machine
STOPS_WITHIN = 15.0
LOOK_EVERY = 0.01
COMMAND = (sys.executable, "-m", "pointsman.cli.main", "serve")
# The one cloud that is asked for its list without a key: no test leaves this machine.
NO_CLOUD = MappingProxyType({"OPENROUTER_BASE_URL": "http://127.0.0.1:9/v1"})
NOTHING: Mapping[str, str] = MappingProxyType({})


class Daemon:
    """`start` after `stop` or `kill` starts it again, with the same configuration, state and home.

    config: the configuration file's text; None: there is no such file
    port: 0: any free port; None: the flag is not given
    flags, environ: more of both; HOME and PATH are always there, and a cloud's address that nobody is at
    folder: holds it all; None: a temporary one, gone when the context ends
    pass_fds: descriptors that it inherits, by their numbers here
    """

    def __init__(
        self,
        *,
        config: str | None = None,
        port: int | None = 0,
        flags: Sequence[str] = (),
        environ: Mapping[str, str] = NOTHING,
        folder: Path | None = None,
        command: Sequence[str] = COMMAND,
        pass_fds: Sequence[int] = (),
    ) -> None:
        # a socket's path holds a hundred bytes at most, which pytest's own folders would use up
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="pm-")
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self.state = self.folder / "state"
        self.config_file = self.folder / "config.toml"
        if config is not None:
            self.write_config(config)
        self._command = [*command, *self._flags(port), *flags]
        self._environ = {"HOME": str(self.folder), "PATH": os.environ["PATH"], **NO_CLOUD, **environ}
        self._pass_fds = pass_fds
        self._process: subprocess.Popen[bytes] | None = None
        self.published: Mapping[str, object] = {}

    def _flags(self, port: int | None) -> list[str]:
        flags = ["--state", str(self.state)]
        flags += ["--config", str(self.config_file)] if self.config_file.exists() else []
        return flags if port is None else [*flags, "--port", str(port)]

    # -- where it is, what it says

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the daemon was not started"
        return self._process

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def url(self) -> str:
        """As published, without a path: `http://127.0.0.1:11711`."""
        return str(self.published["url"])

    @property
    def api_base(self) -> str:
        return f"{self.url}/v1"

    @property
    def socket(self) -> Path | None:
        path = self.published.get("socket")
        return Path(str(path)) if path else None

    @property
    def stdout(self) -> str:
        return self._said("stdout")

    @property
    def stderr(self) -> str:
        return self._said("stderr")

    def http(self, *, unix: bool = False) -> httpx.Client:
        """A client of its API, over TCP or over its Unix socket."""
        transport = httpx.HTTPTransport(uds=str(self.socket) if unix else None)
        return httpx.Client(
            base_url="http://localhost" if unix else self.url, transport=transport, timeout=30
        )

    def write_config(self, text: str) -> None:
        self.config_file.write_text(text, encoding="utf-8")

    # -- its life

    def start(self) -> None:
        """Returns when it has published where it is and answers there; else raises what it said."""
        self.launch()
        try:
            self.await_that(self._healthy, STARTS_WITHIN)
        except BaseException:
            self.kill()
            raise

    def launch(self) -> None:
        """Starts it without waiting, for those that expect it to fail: see `ended`."""
        self.published = {}
        with self._log("stdout").open("wb") as out, self._log("stderr").open("wb") as err:
            self._process = subprocess.Popen(
                self._command,
                env=self._environ,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                pass_fds=self._pass_fds,
            )

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to stop, waits until it has, and gives its exit code."""
        self.process.send_signal(by)
        return self.ended()

    def ended(self) -> int:
        """Its exit code, once it has ended by itself."""
        try:
            return self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the daemon did not end within {STOPS_WITHIN:g} s\n{self.stderr}") from None

    def kill(self) -> None:
        """As a crash does."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Ends it if it still runs, and removes its folder if that is a temporary one."""
        try:
            if self._process is not None and self._process.poll() is None:
                self.stop()
        finally:
            if self._temporary is not None:
                self._temporary.cleanup()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.close)

    # -- waiting for it

    def ends_within(self, seconds: float) -> bool:
        """Lets the time pass; True, and at once, if the daemon ends in it."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def await_that(self, ready: Callable[[], bool], seconds: float = STARTS_WITHIN) -> None:
        """Returns when it is so; raises what the daemon said if it is not by then, or the daemon ended."""
        for _ in range(round(seconds / LOOK_EVERY)):
            if ready():
                return
            if self.ends_within(LOOK_EVERY):
                code = self.process.returncode
                raise AssertionError(f"the daemon ended with {code}\n{self.stdout}{self.stderr}")
        raise AssertionError(f"it was not so within {seconds:g} s\n{self.stdout}{self.stderr}")

    def _healthy(self) -> bool:
        """Published by this very process, not by one that was killed before it; and answering."""
        try:
            published = json.loads((self.state / "daemon.json").read_bytes())
        except (OSError, ValueError):  # not there, or not whole yet
            return False
        if published["pid"] != self.pid:
            return False
        self.published = MappingProxyType(published)
        try:
            return httpx.get(f"{self.url}/healthz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def _log(self, stream: str) -> Path:
        return self.folder / f"{stream}.log"

    def _said(self, stream: str) -> str:
        return self._log(stream).read_text(encoding="utf-8", errors="replace")
