import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pytest

from pointsman.catalogue.row import Provider
from pointsman.discovery.process_table import read_table
from pointsman.discovery.processes import Process, Processes, names_of
from pointsman.discovery.sockets import read_listeners
from pointsman.discovery.spots import Spot
from pointsman.types import FoundBy

LLAMA = Provider("llama-server", "llama.cpp", ports=(8080,), programs=("llama-server",))
OLLAMA = Provider("ollama", "Ollama", ports=(11434,), programs=("ollama",))
MLX = Provider("mlx", "MLX", programs=("mlx_lm.server",))
HERE = "127.0.0.1"


def process(pid: int, *argv: str, parent: int = 1, **more: object) -> Process:
    names = names_of(argv[0] if argv else "", argv)
    return Process(pid, parent, names, argv, **more)  # type: ignore[arg-type]


async def spots(*processes: Process) -> Sequence[Spot]:
    return await Processes((LLAMA, OLLAMA, MLX), lambda _: processes, tuple).spots()


async def places(*processes: Process) -> list[str]:
    return [str(spot.place) for spot in await spots(*processes) if not spot.inner]


async def inner(*processes: Process) -> list[str]:
    return [str(spot.place) for spot in await spots(*processes) if spot.inner]


@pytest.mark.parametrize(
    "argv",
    [
        ["llama-server", "-m", "x.gguf"],
        ["/opt/llama/bin/llama-server"],
        ["C:/llama/LLAMA-SERVER.EXE"],
        ["/bin/bash", "/usr/local/bin/llama-server", "--port", "1"],
        ["/usr/bin/python3.11", "-u", "-X", "dev", "/opt/bin/llama-server.py"],
    ],
)
def test_a_program_goes_by_its_file_or_by_what_an_interpreter_runs(argv: list[str]) -> None:
    assert "llama-server" in names_of("", argv)


def test_a_module_is_a_name() -> None:
    assert "mlx_lm.server" in names_of("python3", ["python3", "-m", "mlx_lm.server", "--port", "80"])


@pytest.mark.parametrize(
    "argv",
    [
        ["vim", "llama-server"],
        ["python3", "-c", "pass", "llama-server"],
        ["python3", "-m", "http.server", "llama-server"],
        ["python3", "train.py", "llama-server"],
        ["shiny", "llama-server"],
        ["python3"],
        [],
    ],
)
def test_a_word_among_the_arguments_is_no_name(argv: list[str]) -> None:
    assert "llama-server" not in names_of(argv[0] if argv else "", argv)


async def test_an_engine_is_where_it_listens() -> None:
    (spot,) = await spots(process(2, "llama-server", "--port", "1", listens=((HERE, 9000),)))
    assert (str(spot.place), spot.row) == ("http://127.0.0.1:9000/v1", LLAMA)
    assert (spot.found_by, spot.inner, spot.proven) == (FoundBy.PROCESS, False, True)


async def test_one_that_listens_nowhere_is_nowhere() -> None:
    assert await places(process(2, "ollama", "run", "tiny", listens=())) == []


async def test_one_that_is_reached_from_elsewhere_alone_is_not_visited() -> None:
    assert await places(process(2, "llama-server", listens=(("192.168.1.5", 9000),))) == []


async def test_other_programs_are_nothing_to_us() -> None:
    assert await places(process(2, "postgres", listens=((HERE, 5432),))) == []


@pytest.mark.parametrize(
    ("flags", "place"),
    [
        (["--port", "9000"], "http://127.0.0.1:9000/v1"),
        (["--port=9000", "--host", "::1"], "http://[::1]:9000/v1"),
        (["-p", "9000", "--host=0.0.0.0"], "http://127.0.0.1:9000/v1"),
        (["--listen", ":9000"], "http://127.0.0.1:9000/v1"),
    ],
)
async def test_another_users_engine_is_where_its_flags_say(flags: list[str], place: str) -> None:
    (spot,) = await spots(process(2, "llama-server", *flags, listens=None))
    assert (str(spot.place), spot.proven) == (place, False)


@pytest.mark.parametrize(
    "flags",
    [[], ["--port"], ["--port", "http"], ["--port", "9" * 5000], ["--host", "10.0.0.1", "--port", "90"]],
)
async def test_flags_that_tell_no_place_here_tell_none(flags: list[str]) -> None:
    assert await places(process(2, "llama-server", *flags, listens=None)) == []


@pytest.mark.parametrize("flags", [["--host", "/run/x.sock"], ["--uds", "x.sock"], ["--uds=./x.sock"]])
async def test_a_unix_socket_is_told_by_the_flags_from_where_it_runs(flags: list[str]) -> None:
    assert await places(process(2, "llama-server", *flags, folder="/run", listens=())) == ["unix:/run/x.sock"]


@pytest.mark.parametrize("flags", [["--host", "x.sock"], ["--host"], ["--host", "/run/\udcff.sock"]])
async def test_a_socket_that_can_not_be_named_is_none(flags: list[str]) -> None:
    assert await places(process(2, "llama-server", *flags, listens=())) == []


async def test_a_child_of_an_engine_is_a_part_of_it() -> None:
    router = process(2, "llama-server", listens=((HERE, 8080),))
    shell = process(3, "sh", "-c", "x", parent=2)
    child = process(4, "llama-server", parent=3, listens=((HERE, 41234),))
    assert await places(router, shell, child) == ["http://127.0.0.1:8080/v1"]
    assert await inner(router, shell, child) == ["http://127.0.0.1:41234/v1"]


async def test_so_is_one_of_another_kind_though_its_engine_listens_nowhere() -> None:
    closed = process(2, "ollama", "serve", listens=())
    child = process(3, "llama-server", parent=2, listens=((HERE, 41234),))
    assert await inner(closed, child) == ["http://127.0.0.1:41234/v1"]


async def test_so_is_one_whose_engine_we_may_not_look_into() -> None:
    theirs = process(2, "ollama", "serve", listens=None)
    runner = process(3, "ollama", "runner", "--port", "41234", parent=2, listens=None)
    assert await places(theirs, runner) == []
    assert await inner(theirs, runner) == ["http://127.0.0.1:41234/v1"]


async def test_a_script_that_starts_an_engine_of_its_name_is_not_its_router() -> None:
    script = process(2, "bash", "/bin/llama-server", "--host", "/run/x.sock", listens=())
    engine = process(3, "llama-server", parent=2, listens=((HERE, 9000),))
    assert "http://127.0.0.1:9000/v1" in await places(script, engine)


async def test_workers_that_share_their_engines_socket_do_not_hide_it() -> None:
    engine = process(2, "llama-server", listens=((HERE, 9000),))
    worker = process(3, "llama-server", parent=2, listens=((HERE, 9000),))
    assert await places(engine, worker) == ["http://127.0.0.1:9000/v1"]
    assert await inner(engine, worker) == []


async def test_a_table_that_goes_round_in_circles_ends() -> None:
    one = process(2, "llama-server", parent=3, listens=((HERE, 9000),))
    other = process(3, "sh", parent=2)
    assert await places(one, other) == ["http://127.0.0.1:9000/v1"]


async def test_without_programs_no_table_is_read() -> None:
    def fail(_: Collection[str]) -> Sequence[Process]:
        raise AssertionError("it was read")

    finder = Processes((Provider("bare", "Bare"),), fail, tuple)
    assert await finder.spots() == ()
    assert finder.looked_for == ()


async def test_an_engine_that_ends_while_it_is_looked_at_has_no_words_and_hides_no_other() -> None:
    ending = Process(2, 1, ("llama-server",))
    assert await places(ending, process(3, "llama-server", listens=((HERE, 8080),))) == [
        "http://127.0.0.1:8080/v1"
    ]


async def test_while_the_same_listen_the_table_is_not_read_again() -> None:
    listeners = [(b"1F90", b"1")]
    processes = [process(2, "llama-server", listens=((HERE, 8080),))]
    finder = Processes((LLAMA,), lambda _: tuple(processes), lambda: frozenset(listeners))
    assert len(await finder.spots()) == 1
    processes.append(process(3, "llama-server", listens=((HERE, 9000),)))
    assert len(await finder.spots()) == 1
    listeners.append((b"2328", b"2"))
    assert len(await finder.spots()) == 2


async def test_where_nobody_can_tell_who_listens_the_table_is_read_each_time() -> None:
    processes = [process(2, "llama-server", listens=((HERE, 8080),))]
    finder = Processes((LLAMA,), lambda _: tuple(processes), tuple)
    assert len(await finder.spots()) == 1
    processes.clear()
    assert await finder.spots() == []


async def test_a_table_that_hangs_costs_others_little_and_is_not_read_twice() -> None:
    go_on, reads = threading.Event(), []

    def hang(_: Collection[str]) -> Sequence[Process]:
        reads.append(1)
        go_on.wait(10)
        return [process(2, "llama-server", listens=((HERE, 9000),))]

    finder = Processes((LLAMA,), hang, tuple)
    try:
        for _ in range(2):
            with pytest.raises(TimeoutError, match="the table of processes"):
                async with asyncio.timeout(5):
                    await finder.spots()
    finally:
        go_on.set()
    assert len(await finder.spots()) == 1
    assert len(reads) == 1


# -- real processes

SERVE = (
    "import os, socket, sys\n"
    "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); print(s.getsockname()[1], flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.fixture
def running() -> Iterator[tuple[str, str]]:
    """A script called `llama-server`: the places where it listens, and where it says that it does."""
    pipe = subprocess.PIPE
    with tempfile.TemporaryDirectory(prefix="pm-") as name:
        folder = Path(name).resolve()
        (folder / "llama-server").write_text(SERVE)
        command = [sys.executable, str(folder / "llama-server"), "--host", "x.sock"]
        with subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe) as child:
            assert child.stdout is not None
            yield f"http://127.0.0.1:{int(child.stdout.readline())}/v1", f"unix:{folder}/x.sock"
            child.communicate()


async def test_a_real_process_is_found_where_it_listens(running: tuple[str, str]) -> None:
    found = {str(spot.place) for spot in await Processes((LLAMA,), read_table, read_listeners).spots()}
    assert set(running) <= found


def test_the_real_table_tells_little_of_those_that_are_no_engines() -> None:
    with socket.socket() as listener:
        listener.bind((HERE, 0))
        listener.listen()
        own = next(one for one in read_table({"llama-server"}) if one.pid == os.getpid())
    assert (own.parent, own.argv, own.listens) == (os.getppid(), (), None)
    assert own.names
