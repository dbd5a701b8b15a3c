"""A real llama.cpp server in a child process, with a tiny model.

    with real_engine() as engine:
        ... engine.api_base, engine.socket, engine.kill()

It is called `llama-server` and has such flags, so that who looks at processes takes it for one.

By hand, to try Pointsman against it:  python -m tests.real.engine --port 8080 --alias tiny
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from tests.leash import die_with_parent

ROOT = Path(__file__).parents[2]
READY_WITHIN = 20.0  # seconds; it takes a quarter of one on an idle machine
LOOK_EVERY = 0.02  # seconds
LONGEST_ANSWER = 256  # tokens, where the client names no limit: the model never ends by itself
SLOTS = 2  # each gets its share of the context


@dataclass(frozen=True, slots=True)
class RealEngine:
    """A running server. `url` has no path; where `socket` is set its host means nothing."""

    process: subprocess.Popen[bytes]
    url: str
    socket: Path | None
    alias: str

    @property
    def api_base(self) -> str:
        return f"{self.url}/v1"

    @property
    def pid(self) -> int:
        return self.process.pid

    def http(self) -> httpx.Client:
        """A client that reaches it, over TCP or the Unix socket."""
        transport = httpx.HTTPTransport(uds=str(self.socket) if self.socket else None)
        return httpx.Client(base_url=self.url, transport=transport)

    def kill(self) -> None:
        """As a crash does: no good-bye; a Unix socket's file stays behind."""
        self.process.kill()
        self.process.wait()


StartEngine = Callable[..., RealEngine]  # the arguments of `real_engine`


@contextmanager
def real_engine(
    *,
    model: Path | None = None,
    alias: str = "tiny",
    port: int = 0,
    socket: Path | None = None,
    context: int = 4096,
    key: str = "",
    embedding: bool = False,
) -> Iterator[RealEngine]:
    """Starts a server, waits until it is healthy, stops it at the end. `socket` must end in `.sock`.

    `embedding`: it makes embeddings.
    """
    flags = ["--leash", "--alias", alias, "--ctx-size", str(context)]
    flags += ["--model", str(model)] if model else []
    flags += ["--api-key", key] if key else []
    flags += ["--embedding"] if embedding else []
    flags += ["--host", str(socket)] if socket else ["--port", str(port)]
    with tempfile.TemporaryFile() as log, _child(flags, log) as process:
        url = _told_url(process, log)
        engine = RealEngine(process, "http://localhost" if socket else url, socket, alias)
        _await_health(engine, log)
        yield engine


@contextmanager
def _child(flags: Sequence[str], log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """The child dies when its standard input ends: with us, whatever becomes of us."""
    pipe = subprocess.PIPE
    with tempfile.TemporaryDirectory(prefix="pm-") as folder:
        command = [str(_named_python(Path(folder))), "-m", "tests.real.engine", *flags]
        path = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with subprocess.Popen(command, cwd=ROOT, env=path, stdin=pipe, stdout=pipe, stderr=log) as process:
            try:
                yield process
            finally:
                process.kill()


def _named_python(folder: Path) -> Path:
    """This Python under an engine's name."""
    program = folder / "llama-server"
    program.symlink_to(Path(sys.executable).resolve())
    return program


def _told_url(process: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().decode().strip()  # empty when it died
    if not line:
        raise RuntimeError(f"the llama.cpp server did not start:\n{_tail(log)}")
    return line


def _await_health(engine: RealEngine, log: IO[bytes]) -> None:
    """Looks until /health says 200; waits on the process between two looks: a death is seen at once."""
    with engine.http() as http:
        for _ in range(round(READY_WITHIN / LOOK_EVERY)):
            if _healthy(http):
                return
            try:
                engine.process.wait(LOOK_EVERY)
            except subprocess.TimeoutExpired:
                continue
            raise RuntimeError(f"the llama.cpp server died:\n{_tail(log)}")
    raise RuntimeError(f"the llama.cpp server was not healthy after {READY_WITHIN:g} s:\n{_tail(log)}")


def _healthy(http: httpx.Client) -> bool:
    try:
        return http.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def _tail(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read().decode(errors="replace")[-2000:]


# -- the child


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the server until a signal; says its address as the first line on standard output."""
    given = _parse(arguments)
    signal.pthread_sigmask(
        signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM}
    )  # the server's threads inherit it
    if given.leash:
        die_with_parent()
    with tempfile.TemporaryDirectory() as folder:
        _serve(given, given.model or _tiny_model(Path(folder)))
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.real.engine", description=main.__doc__)
    parser.add_argument("--model", type=Path, help="a GGUF file; default: a tiny one is made")
    parser.add_argument("--alias", default="tiny", help="the model's name")
    parser.add_argument("--host", default="127.0.0.1", help="or a Unix socket, its name ending in .sock")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--ctx-size", type=int, default=4096, help=f"tokens, shared by {SLOTS} slots")
    parser.add_argument("--api-key", default="", help="the key it asks for; default: none")
    parser.add_argument("--embedding", action="store_true", help="make embeddings")
    parser.add_argument("--leash", action="store_true", help="die when standard input ends")
    return parser.parse_args(arguments)


def _tiny_model(folder: Path) -> Path:
    from tests.real.tiny_gguf import write_model  # noqa: PLC0415 - as below: numpy is the child's business

    return write_model(folder / "tiny.gguf")


def _serve(given: argparse.Namespace, model: Path) -> None:
    import xllamacpp  # noqa: PLC0415 - not loaded, not even needed by those who import this module

    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.model_alias = {given.alias}
    params.hostnames = [given.host]
    params.port = given.port
    params.api_keys = [given.api_key] if given.api_key else []
    params.n_ctx, params.n_parallel, params.n_predict = given.ctx_size, SLOTS, LONGEST_ANSWER
    if given.embedding:
        params.embedding = True
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    params.cpuparams.n_threads = 1  # two of them spin on a busy machine of two cores
    params.endpoint_metrics = params.endpoint_props = params.endpoint_slots = True
    params.warmup = params.fit_params = False
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    sys.exit(main())
