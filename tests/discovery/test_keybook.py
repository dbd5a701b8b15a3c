"""Keys are tried, kept, put to use and taken away; of a real file, and at a real server."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from pointsman.config.credentials import Credentials
from pointsman.config.schema import Config
from pointsman.discovery.keybook import Keybook, Verdict
from pointsman.discovery.written import Written
from pointsman.errors import BadRequest, ConfigError, KeyNotKept, NotFound, PointsmanError
from pointsman.net import Sessions
from tests.discovery.conftest import Listen
from tests.discovery.servers import Server, page, plain
from tests.fakes.keyed import Keyed

RIGHT, WRONG = "sk-right", "sk-wrong"

Make = Callable[..., Keybook]


class Put:
    """What was put to use, the last."""

    def __init__(self) -> None:
        self.places: Sequence[Written] | None = None

    def __call__(self, places: Sequence[Written]) -> None:
        self.places = places

    def key_of(self, name: str) -> str:
        assert self.places is not None
        account = next(place.account for place in self.places if place.id == name)
        return account.key if account else ""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "credentials.toml"


@pytest.fixture
def put() -> Put:
    return Put()


@pytest.fixture
def make(sessions: Sessions, file: Path) -> Make:
    def make(environ: Mapping[str, str] | None = None, **providers: Mapping[str, object]) -> Keybook:
        config = Config.model_validate({"providers": providers})
        book = Keybook(lambda: config, environ or {}, Credentials(file), sessions, lambda: 5.0)
        book.read()
        return book

    return make


@pytest.fixture
async def cloud(listen_app: Callable[[web.Application], Awaitable[int]]) -> tuple[Keyed, dict[str, str]]:
    """OpenRouter's stand-in, and the environment that names it."""
    fake = Keyed(RIGHT)
    port = await listen_app(fake.app)
    return fake, {"OPENROUTER_BASE_URL": f"http://127.0.0.1:{port}/api/v1"}


async def keep(book: Keybook, put: Put, name: str = "openrouter", key: str = RIGHT, **how: bool) -> None:
    how = {"untested": False, "keyring": False, **how}
    await book.keep(name, SecretStr(key), put, **how)


def write(file: Path, text: str, mode: int) -> None:
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


def text_of(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None


async def refused(book: Keybook, put: Put, name: str = "openrouter", key: str = RIGHT) -> PointsmanError:
    with pytest.raises(PointsmanError) as caught:
        await keep(book, put, name, key)
    assert put.places is None
    assert key not in caught.value.message
    return caught.value


async def test_a_key_that_works_is_kept_and_put_to_use(
    make: Make, put: Put, file: Path, cloud: tuple[Keyed, dict[str, str]]
) -> None:
    fake, environ = cloud
    book = make(environ)
    await keep(book, put)
    assert (fake.asked, fake.sent) == (["GET /api/v1/key"], [f"Bearer {RIGHT}"])
    assert put.key_of("openrouter") == RIGHT
    assert Credentials(file).read().keys["openrouter"].get_secret_value() == RIGHT
    (openrouter,) = (place for place in book.entries() if place.id == "openrouter")
    trial = book.trial(openrouter)
    assert trial is not None
    assert (trial.verdict, trial.at) == (Verdict.WORKS, 5.0)


async def test_a_wrong_key_changes_nothing_and_is_not_repeated(
    make: Make, put: Put, file: Path, cloud: tuple[Keyed, dict[str, str]]
) -> None:
    error = await refused(make(cloud[1]), put, key=WRONG)
    assert isinstance(error, KeyNotKept)
    assert error.message == "openrouter refuses this key (it was answered 401): nothing was changed"
    assert text_of(file) is None


async def test_a_key_that_was_filed_is_put_to_use_though_who_gave_it_waits_no_longer(
    make: Make, put: Put, cloud: tuple[Keyed, dict[str, str]]
) -> None:
    used = asyncio.Event()

    def put_to_use(places: Sequence[Written]) -> None:
        put(places)
        used.set()

    book = make(cloud[1])
    giving = asyncio.create_task(
        book.keep("openrouter", SecretStr(RIGHT), put_to_use, untested=True, keyring=False)
    )
    asyncio.get_running_loop().call_soon(giving.cancel)
    with pytest.raises(asyncio.CancelledError):
        await giving
    await used.wait()
    assert put.key_of("openrouter") == RIGHT


async def test_a_key_that_can_not_be_tried_is_kept_only_on_demand(
    make: Make, put: Put, cloud: tuple[Keyed, dict[str, str]]
) -> None:
    fake, environ = cloud
    fake.down = True
    error = await refused(make(environ), put)
    assert "answered 500" in error.message
    assert "pointsman keys set openrouter --untested" in error.message
    asked = len(fake.asked)
    await keep(make(environ), put, untested=True)
    assert put.key_of("openrouter") == RIGHT
    assert len(fake.asked) == asked


async def test_nobody_there_is_no_verdict_on_a_key(make: Make, put: Put) -> None:
    book = make({"OPENROUTER_BASE_URL": "http://127.0.0.1:9/v1"})
    assert "could not be tried (http://127.0.0.1:9/v1 did not answer" in (await refused(book, put)).message


@pytest.mark.parametrize(
    ("status", "verdict"), [(200, Verdict.WORKS), (402, Verdict.WORKS), (403, Verdict.REFUSED)]
)
async def test_where_no_page_tells_of_keys_the_list_does(
    make: Make, listen: Listen, status: int, verdict: Verdict
) -> None:
    server = Server({"/v1/models": page({"data": []}, status)})
    mine = {"api_base": f"http://127.0.0.1:{await listen(server)}/v1", "api_key": "k"}
    trial = await make(mine=mine).test("mine")
    assert trial.verdict is verdict
    assert server.headers[0]["Authorization"] == "Bearer k"


@pytest.mark.parametrize(("status", "named"), [(403, True), (401, False)])
async def test_a_key_that_may_only_not_list_models_can_be_kept_untested(
    make: Make, put: Put, listen: Listen, status: int, named: bool
) -> None:
    server = Server({"/v1/models": page({"error": {"message": "no"}}, status)})
    book = make(mine={"api_base": f"http://127.0.0.1:{await listen(server)}/v1"})
    said = (await refused(book, put, "mine")).message
    assert ("pointsman keys set mine --untested" in said) is named


@pytest.mark.parametrize(
    ("name", "key", "kind", "said"),
    [
        ("opnrouter", RIGHT, NotFound, "did you mean openrouter?"),
        ("ollama", RIGHT, NotFound, "no provider is called 'ollama'"),
        ("groq", "", BadRequest, "printable ASCII"),
        ("groq", "two\nlines", BadRequest, "printable ASCII"),
        ("groq", "file:/etc/hostname", BadRequest, "not a key"),
        ("written", RIGHT, BadRequest, "change api_key in [providers.written]"),
        ("openai", RIGHT, BadRequest, "change api_key in [providers.openai]"),
    ],
)
async def test_what_can_not_be_kept_is_refused_before_it_is_tried(  # noqa: PLR0917 - fixtures and a table
    make: Make, put: Put, listen: Listen, name: str, key: str, kind: type[PointsmanError], said: str
) -> None:
    server = plain()
    place = {"api_base": f"http://127.0.0.1:{await listen(server)}/v1"}
    book = make(written={**place, "api_key": "own"}, openai=place)
    with pytest.raises(kind) as caught:
        await keep(book, put, name, key)
    assert said in caught.value.message
    assert server.asked == []


async def test_a_key_that_is_taken_away_leaves_the_environments(
    make: Make, put: Put, cloud: tuple[Keyed, dict[str, str]]
) -> None:
    book = make({**cloud[1], "OPENROUTER_API_KEY": "ambient"})
    await keep(book, put)
    await book.remove("openrouter", put)
    assert put.key_of("openrouter") == "ambient"
    with pytest.raises(BadRequest, match="from env:OPENROUTER_API_KEY"):
        await book.remove("openrouter", put)


async def test_credentials_that_can_not_be_used_are_told_and_take_nothing_else_away(
    make: Make, put: Put, file: Path
) -> None:
    write(file, 'groq = "k"', 0o644)
    book = make({"MISTRAL_API_KEY": "m"})
    assert "chmod 600" in book.trouble
    names = [place.id for place in book.read()]
    assert "mistral" in names
    assert "groq" not in names
    with pytest.raises(ConfigError, match="chmod 600"):
        await keep(book, put, untested=True)
    write(file, 'groq = "k"', 0o600)
    assert "groq" in [place.id for place in book.read()]
    assert book.trouble == ""


async def test_an_entry_that_is_no_key_is_told_and_makes_room_for_another(
    make: Make, put: Put, file: Path, cloud: tuple[Keyed, dict[str, str]]
) -> None:
    write(file, 'groq = "k"\nopenrouter = "ünï"\nmistral = "ünï"\n', 0o600)
    book = make(cloud[1])
    assert "credentials.toml:2: openrouter must be" in book.trouble
    assert "credentials.toml:3: mistral must be" in book.trouble
    assert "groq" in [place.id for place in book.read()]
    await keep(book, put)
    assert put.key_of("openrouter") == RIGHT
    await book.remove("mistral", put)
    assert (book.trouble, text_of(file)) == ("", f'groq = "k"\n"openrouter" = "{RIGHT}"\n')


async def test_credentials_that_somebody_else_has_changed_are_read_again(
    make: Make, put: Put, file: Path
) -> None:
    write(file, 'groq = "k"', 0o644)
    book = make()
    await book.refresh(put)
    assert put.places is None
    write(file, 'groq = "k"', 0o600)
    await book.refresh(put)
    assert put.key_of("groq") == "k"
    assert book.trouble == ""


async def test_what_wants_a_key_is_told_with_where_one_is_had(make: Make) -> None:
    book = make({"GROQ_API_KEY": "k"}, mine={"api_base": "http://127.0.0.1:9/v1"})
    entries = {place.id: place for place in book.entries()}
    assert (entries["groq"].origin, entries["openai"].origin) == ("env:GROQ_API_KEY", "")
    assert "pointsman keys set openai (a key is had at https://" in entries["openai"].trouble
    assert "mine" not in entries
    with pytest.raises(BadRequest, match="pointsman keys set openai"):
        await book.test("openai")
