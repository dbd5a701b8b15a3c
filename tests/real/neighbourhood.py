"""A machine with all sorts of engines on it, at the places where they usually are.

    async with neighbourhood(start_engine) as here:
        ... here.expected, here.disturbed()

Real llama.cpp servers at a usual port, at an odd one and on a Unix socket; fakes of Ollama, LM Studio, vLLM
and a router; and what is no engine: a proxy that speaks OpenAI, another Pointsman, a server that takes
connections and never answers.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.engine import FakeEngine
from tests.fakes.ollama import FakeOllama, OllamaModel
from tests.fakes.router import FakeRouter
from tests.fakes.studio import FakeStudio, FakeVllm
from tests.journeys.daemon import Daemon
from tests.real.engine import RealEngine, StartEngine

USUAL, ROUTER, OLLAMA, STUDIO, VLLM, PROXY, ANOTHER, HANGING = (
    8080,
    9931,
    11434,
    1234,
    8000,
    4000,
    1337,
    30000,
)
CLOUD = "ollama/big:cloud"


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """`expected`: the place of each endpoint that is to be found, by its id."""

    expected: Mapping[str, str]
    llamas: Sequence[RealEngine]
    ollama: FakeOllama
    studio: FakeStudio
    router: FakeRouter

    def disturbed(self) -> Iterator[str]:
        """What was loaded or asked, as the engines tell it themselves."""
        for engine, loads in (("ollama", self.ollama.loads), ("studio", self.studio.loads)):
            yield from (f"{engine} loaded {load}" for load in loads)
        yield from (f"the router loaded {load}" for load in self.router.loads)
        yield from (f"LM Studio was asked for {path}" for path in self.studio.unknown)
        for llama in self.llamas:
            with llama.http() as http:
                metrics = http.get("/metrics").text
            yield from (
                f"{llama.alias}: {line}"
                for line in metrics.splitlines()
                if line.startswith(("llamacpp:prompt_tokens_total", "llamacpp:tokens_predicted_total"))
                and float(line.split()[-1]) > 0
            )


@asynccontextmanager
async def neighbourhood(start_engine: StartEngine) -> AsyncIterator[Neighbourhood]:
    """Raises OSError or RuntimeError where one of the ports is taken."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pm-")))
        ollama = await stack.enter_async_context(FakeOllama(*_library(), port=OLLAMA))
        studio = await stack.enter_async_context(FakeStudio("qwen3-8b", port=STUDIO))
        router = FakeRouter("coder", "writer")
        router.port = ROUTER
        await stack.enter_async_context(router)
        await stack.enter_async_context(FakeVllm("gpt-oss-20b", port=VLLM))
        await stack.enter_async_context(FakeEngine("gpt-5", llama=False, port=PROXY))
        await stack.enter_async_context(await asyncio.start_server(_never, "127.0.0.1", HANGING))
        await stack.enter_async_context(Daemon(config="[discovery]\nlocal = false\n", port=ANOTHER))
        socket = folder / "corner.sock"
        llamas = [
            start_engine(port=USUAL),
            start_engine(alias="odd"),
            start_engine(socket=socket, alias="near"),
        ]
        odd = llamas[1].api_base
        expected = {
            "llama-server": f"http://127.0.0.1:{USUAL}/v1",
            f"llama-server-{odd.rpartition(':')[2].partition('/')[0]}": odd,
            "corner": f"unix:{socket}",
            "llama-server-9931": f"http://127.0.0.1:{ROUTER}/v1",
            "ollama": f"http://127.0.0.1:{OLLAMA}/v1",
            "lm-studio": f"http://127.0.0.1:{STUDIO}/v1",
            "vllm": f"http://127.0.0.1:{VLLM}/v1",
            f"generic-{PROXY}": f"http://127.0.0.1:{PROXY}/v1",
        }
        yield Neighbourhood(expected, llamas, ollama, studio, router)


def _library() -> tuple[OllamaModel, ...]:
    here = OllamaModel("qwen3:8b", capabilities=("completion", "tools"))
    return here, OllamaModel(CLOUD.removeprefix("ollama/"), remote_host="https://ollama.com:443")


async def _never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.read()  # until they hang up
    finally:
        writer.close()
