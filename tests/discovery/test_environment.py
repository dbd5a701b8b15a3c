from pointsman.catalogue.row import Provider
from pointsman.discovery.environment import Environment
from pointsman.types import Dialect, FoundBy

OLLAMA = Provider("ollama", "Ollama", Dialect.OLLAMA, ports=(11434,), host_env=("OLLAMA_HOST",))
LLAMA = Provider("llama", "llama.cpp", ports=(8080,), host_env=("LLAMA_HOST",), port_env=("LLAMA_PORT",))


async def places(**environ: str) -> list[str]:
    return [str(spot.place) for spot in await Environment((OLLAMA, LLAMA), environ).spots()]


def said(**environ: str) -> str:
    (words,) = Environment((OLLAMA, LLAMA), environ).looked_for
    return words


async def test_without_variables_there_is_nothing_to_look_at() -> None:
    assert await places(HOME="~", OLLAMA_HOST="  ") == []
    assert Environment((OLLAMA,), {}).looked_for == ()


async def test_a_host_without_a_port_is_at_the_engines_usual_one() -> None:
    assert await places(OLLAMA_HOST="0.0.0.0") == ["http://127.0.0.1:11434/v1"]


async def test_it_says_whom_to_expect_and_how_it_came_to_know() -> None:
    (spot,) = await Environment((OLLAMA,), {"OLLAMA_HOST": ":11500"}).spots()
    assert (spot.row, spot.found_by) == (OLLAMA, FoundBy.ENVIRONMENT)


async def test_host_and_port_may_come_apart() -> None:
    assert await places(LLAMA_PORT="9000") == ["http://127.0.0.1:9000/v1"]
    assert await places(LLAMA_HOST="::1", LLAMA_PORT="9000") == ["http://[::1]:9000/v1"]
    assert await places(LLAMA_HOST="/run/llama.sock", LLAMA_PORT="9000") == ["unix:/run/llama.sock"]


async def test_an_address_elsewhere_is_not_visited_and_how_to_name_it_is_said() -> None:
    assert await places(OLLAMA_HOST="192.168.1.5:11434") == []
    words = said(OLLAMA_HOST="192.168.1.5:11434")
    assert "OLLAMA_HOST" in words
    assert 'kind = "ollama", api_base = "http://192.168.1.5:11434/v1" and tier = "free"' in words


async def test_what_is_no_address_is_said_to_be_none() -> None:
    for environ in ({"OLLAMA_HOST": "a b c"}, {"LLAMA_PORT": "http"}, {"LLAMA_PORT": "99999"}):
        assert await places(**environ) == []
        assert "it holds no address" in said(**environ)


def test_a_password_in_a_variable_is_not_shown() -> None:
    assert "secret" not in said(OLLAMA_HOST="http://me:secret@gpu.lan:11434")


def test_what_is_looked_at_is_said_with_the_variable() -> None:
    assert said(OLLAMA_HOST=":11500") == "Ollama at http://127.0.0.1:11500/v1 (OLLAMA_HOST)"
