"""What `doctor` finds, and how it explains it: real files, real sockets, servers that fail."""

import asyncio
import json
import socket
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from email.utils import formatdate

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from pointsman.cli.doctor.case import Places, Running, open_case
from pointsman.cli.doctor.catalogues import catalogues
from pointsman.cli.doctor.finding import State
from pointsman.dates import Calendar
from pointsman.ledger.record import KeptListRecord, LimitRecord
from pointsman.ledger.schema import open_ledger
from pointsman.money import NANO
from pointsman.types import Health, Snapshot
from tests.cli.doctor.conftest import QUIET, Home, bad
from tests.cli.samples import STATUS
from tests.fakes.engine import FakeEngine
from tests.fakes.keyed import Keyed
from tests.fakes.records import attempt, record
from tests.journeys.daemon import NO_CLOUD, Daemon

RIGHT, WRONG = "sk-right-0123456789", "sk-wrong-0123456789"
DAY = 86_400.0
NOWHERE = "http://0.0.0.0:9/v1"  # nobody listens there; by its name it may be anywhere
LIST = json.dumps([{"data": [{"id": "a/gift:free"}]}]).encode()


@pytest.fixture
async def cloud(home: Home) -> AsyncIterator[Keyed]:
    """A cloud that stands in for OpenRouter, and takes the key that is in the home's environment."""
    fake = Keyed(RIGHT)
    async with TestServer(fake.app, host="127.0.0.1") as server:
        home.environ["OPENROUTER_BASE_URL"] = f"http://127.0.0.1:{server.port}/api/v1"
        home.environ["OPENROUTER_API_KEY"] = RIGHT
        yield fake


def engine_at(engine: FakeEngine) -> str:
    return f'{QUIET}[providers.mine]\napi_base = "{engine.url}/v1"\n'


async def test_where_all_is_well_nothing_is_warned_of(home: Home, cloud: Keyed) -> None:
    async with FakeEngine(context=65_536) as engine:
        home.write(engine_at(engine))
        findings = await home.findings()
    assert bad(findings) == []
    told = "\n".join(one.words for one in findings if one.state is State.OK)
    assert f"llama.cpp server at {engine.url}/v1: 1 model" in told
    assert "the key of openrouter from env:OPENROUTER_API_KEY works" in told
    assert "the list of openrouter can be had: 2 models" in told
    assert "it agrees with a provider's, within" in told


async def test_nothing_is_written_and_nothing_left_behind(home: Home, cloud: Keyed) -> None:
    home.keep(record("one"))
    there = {path: path.read_bytes() for path in home.folder.rglob("*") if path.is_file()}
    await home.findings()
    assert {path: path.read_bytes() for path in home.folder.rglob("*") if path.is_file()} == there


async def test_no_engine_is_found(home: Home) -> None:
    found = await home.one("engines", State.FAIL)
    assert "no engine was found, and nobody else may answer: looked for openrouter at" in found.words
    assert "set discovery.local = true" in found.to_do


async def test_who_answers_and_has_no_model_is_no_engine_that_may_answer(home: Home, cloud: Keyed) -> None:
    cloud.down = True
    url = home.environ.pop("OPENROUTER_BASE_URL")
    home.environ.update(NO_CLOUD)
    del home.environ["OPENROUTER_API_KEY"]
    home.write(f'{QUIET}[providers.mine]\napi_base = "{url}"\n')
    found = await home.one("engines", State.WARN)
    assert found.what.endswith(" has no model that may answer")
    assert found.why.endswith("its list of models could not be had: it answered 500")
    assert (await home.one("engines", State.FAIL)).what.startswith("no engine here has a model, and nobody")


async def test_a_web_page_in_place_of_a_list_says_nothing_of_a_key(home: Home) -> None:
    async def sign_in(_: web.Request) -> web.Response:
        return web.Response(text="<h1>Sign in to this network</h1>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", sign_in)
    async with TestServer(app, host="127.0.0.1") as portal:
        url = f"http://127.0.0.1:{portal.port}/v1"
        home.write(f'{QUIET}[providers.mine]\napi_base = "{url}"\napi_key = "{WRONG}"\n')
        found = await home.one("keys", State.WARN)
    assert found.words.endswith(f"could not be tried: {url} answered with a web page")


async def test_an_engine_with_a_small_context_is_told_with_its_setting(home: Home) -> None:
    async with FakeEngine("small") as engine:
        home.write(engine_at(engine))
        found = await home.one("engines", State.WARN)
    assert "4,096" in found.what


async def test_a_place_of_the_configuration_where_nobody_answers_is_away(home: Home) -> None:
    home.write(f'{QUIET}[providers.mine]\napi_base = "http://127.0.0.1:9/v1"\n')
    found = await home.one("engines", State.WARN)
    assert (found.what, found.to_do) == ("mine is away", "start it, or look at [providers.mine]")
    assert "http://127.0.0.1:9/v1" in found.why


async def test_a_wrong_key_is_told_with_where_it_is_from(home: Home, cloud: Keyed) -> None:
    home.environ["OPENROUTER_API_KEY"] = WRONG
    found = await home.one("keys", State.FAIL)
    assert found.words == "the key of openrouter from env:OPENROUTER_API_KEY is refused: it was answered 401"
    assert found.to_do == "pointsman keys set openrouter (needs a daemon: pointsman serve)"


async def test_a_wrong_key_of_the_configuration_is_changed_there(home: Home) -> None:
    async with FakeEngine(key=RIGHT) as engine:
        home.write(f'{QUIET}[providers.mine]\napi_base = "{engine.url}/v1"\napi_key = "{WRONG}"\n')
        found = await home.one("keys", State.FAIL)
    assert found.what == "the key of mine from configuration is refused"
    assert found.to_do == f"change api_key in [providers.mine] of {home.paths.config_file}"


async def test_a_key_that_can_not_be_sent_is_told(home: Home, cloud: Keyed) -> None:
    home.environ["OPENROUTER_API_KEY"] = "sk-\u20ac"
    found = await home.one("keys", State.FAIL)
    assert found.what == "openrouter is not asked"
    assert "env:OPENROUTER_API_KEY" in found.why
    assert "printable ASCII" in found.why


async def test_a_provider_that_is_down_says_nothing_of_its_key(home: Home, cloud: Keyed) -> None:
    cloud.down = True
    found = await home.one("keys", State.WARN)
    assert "could not be tried" in found.what
    assert "500" in found.why


async def test_a_provider_that_never_answers_is_not_waited_for_and_told(home: Home, cloud: Keyed) -> None:
    cloud.go_on.clear()
    case = await home.case(patience=0.3)
    cloud.go_on.set()
    found = {one.topic: one for one in await home.examined(case) if one.state is State.WARN}
    assert found["catalogues"].why == "no answer in time"


async def test_where_nobody_elsewhere_answers_it_is_told_once(home: Home) -> None:
    names = ("openai", "groq", "mistral")
    places = (f'[providers.{name}]\napi_key = "{WRONG}"\napi_base = "{NOWHERE}"\n' for name in names)
    home.write(QUIET + "".join(places))
    home.keep(*(KeptListRecord(name, NOWHERE, time.time() - 12 * DAY, LIST) for name in names))
    told = {one.topic: one for one in await home.findings() if one.topic in ("network", "keys", "catalogues")}
    assert told["network"].what == f"nobody elsewhere answers, none of {', '.join(names)}, openrouter"
    assert told["keys"].words == f"3 keys could not be tried: of {', '.join(names)}"
    assert told["catalogues"].what.startswith("lists have expired: openai (12 d ago), groq (12 d ago), ")


async def test_where_remote_is_off_nobody_elsewhere_is_asked(home: Home, cloud: Keyed) -> None:
    home.write(QUIET.replace("local = false", "local = false\nremote = false"))
    assert "was not tried: discovery.remote is off" in (await home.one("keys", State.NOTE)).words
    assert cloud.asked == []


async def test_no_key_is_ever_said(home: Home, cloud: Keyed) -> None:
    cloud.chatty = True
    home.write(f'{QUIET}[providers.groq]\napi_key = "{WRONG}"\napi_base = "http://127.0.0.1:9/v1"\n')
    said = json.dumps(await home.findings())
    assert RIGHT not in said
    assert WRONG not in said


async def test_a_list_that_was_had_long_ago_and_can_not_be_had_has_expired(home: Home, cloud: Keyed) -> None:
    home.keep(KeptListRecord("openrouter", home.environ["OPENROUTER_BASE_URL"], time.time() - 12 * DAY, LIST))
    cloud.down = True
    found = await home.one("catalogues", State.WARN)
    assert found.what == "the list of openrouter has expired: it is as of 12 d ago"
    assert "500" in found.why
    assert found.to_do == "pointsman discover (needs a daemon: pointsman serve)"


async def test_the_list_of_a_daemon_that_has_not_asked_for_long_is_told(home: Home, cloud: Keyed) -> None:
    url = home.environ["OPENROUTER_BASE_URL"]
    home.keep(KeptListRecord("openrouter", url, time.time() - 2 * DAY, b"[]"))
    case = await home.case()
    assert bad(list(catalogues(case))) == [], "none runs: the next start asks"
    (found,) = bad(list(catalogues(replace(case, running=Running(STATUS, away=False)))))
    assert found.what == "the daemon has the list of openrouter as of 2 d ago"


async def test_a_list_that_a_refused_key_can_not_have_is_for_the_keys_to_tell(home: Home) -> None:
    case = await home.case()
    refused = [replace(one, health=Health.REFUSED) for one in case.look.snapshot.endpoints]
    look = replace(case.look, snapshot=Snapshot(endpoints=tuple(refused)))
    assert refused
    assert list(catalogues(replace(case, look=look))) == []


async def test_a_list_that_was_never_had_is_told(home: Home) -> None:
    found = await home.one("catalogues", State.WARN)
    assert "the list of openrouter can't be had; well-known models are shown in its place" in found.what


async def test_a_port_that_was_chosen_and_is_taken_is_told_with_who_has_it(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        home.write(QUIET.replace("port = 0", f"port = {port}"))
        found = await home.one("port", State.FAIL)
    assert f"port {port} of 127.0.0.1 is taken by another program" in found.why
    assert "it is process" in found.why
    assert "--port" in found.to_do


async def test_a_socket_that_nobody_listens_at_is_left_over(home: Home) -> None:
    home.paths.state_dir.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(home.paths.socket))
    found = await home.one("socket", State.WARN)
    assert found.what == f"nobody answers at {home.paths.socket}"
    assert home.paths.socket.exists(), "it is the next start's to remove"


async def test_what_is_in_the_sockets_way_is_told(home: Home) -> None:
    home.paths.state_dir.mkdir(parents=True)
    home.paths.socket.write_text("", encoding="utf-8")
    found = await home.one("socket", State.WARN)
    assert found.words == f"{home.paths.socket} is in the way: it is no socket"
    home.write(f'{QUIET}socket = "{home.paths.socket}"\n')
    assert (await home.one("socket", State.FAIL)).words == found.words, (
        "it was chosen, so that no start works"
    )


async def test_a_socket_path_that_no_system_allows_is_told_with_its_length(home: Home) -> None:
    path = home.folder / ("s" * 110)
    home.write(f'{QUIET}socket = "{path}"\n')
    assert (
        f"it has {len(str(path))} bytes, and systems allow 103" in (await home.one("socket", State.FAIL)).why
    )


@pytest.mark.parametrize(
    ("ahead", "state", "words"),
    [
        (-3630, State.FAIL, "1 h behind"),
        (3630, State.FAIL, "1 h ahead of"),
        (150, State.WARN, "2 min ahead of"),
    ],
)
async def test_a_clock_that_is_off_is_told_with_how_far(
    home: Home, cloud: Keyed, ahead: float, state: State, words: str
) -> None:
    cloud.date = formatdate(time.time() - ahead, usegmt=True)
    assert words in (await home.one("clock", state)).what


async def test_what_the_ledger_was_told_by_a_clock_that_was_ahead_is_found(home: Home) -> None:
    home.keep(replace(record("one"), at=time.time() + 3.1 * 3600))
    found = await home.one("clock", State.WARN)
    assert found.what.startswith("the last request in the ledger is 3 h in the future")


async def test_a_ledger_that_another_program_holds_can_not_be_written(home: Home) -> None:
    home.keep(record("one"))
    with closing(open_ledger(home.paths.ledger)) as other:
        other.execute("BEGIN IMMEDIATE")
        found = await home.one("ledger", State.FAIL)
    assert found.what == "it can't be written"
    assert f"the ledger {home.paths.ledger} can't be used: database is locked" in found.why
    assert found.to_do == f"close the program that holds it: lsof {home.paths.ledger} names it"


async def test_a_state_folder_that_can_not_be_looked_at_leaves_all_else_to_be_told(home: Home) -> None:
    closed = home.folder / ("x" * 300)  # longer than any name may be, which root can't look at either
    found = await home.examined(await open_case(Places(state=closed), home.environ))
    assert {"configuration", "engines", "clock", "system"} < {one.topic for one in found}


async def test_a_damaged_ledger_is_told_with_what_to_do(home: Home) -> None:
    home.paths.state_dir.mkdir(parents=True)
    home.paths.ledger.write_bytes(b"no database at all" * 100)
    found = await home.one("ledger", State.FAIL)
    assert "file is not a database" in found.why
    _, _, commands = found.to_do.partition(": ")
    typed = await asyncio.create_subprocess_shell(commands)
    assert await typed.wait() == 0
    assert "there is none yet" in (await home.one("ledger", State.OK)).what


async def test_another_programs_database_is_no_ledger_that_a_start_would_mend(home: Home) -> None:
    home.paths.state_dir.mkdir(parents=True)
    with closing(sqlite3.connect(home.paths.ledger)) as connection:
        connection.execute("CREATE TABLE notes (text)")
    assert "not a ledger of Pointsman" in (await home.one("ledger", State.FAIL)).why


async def test_a_ledger_of_a_newer_pointsman_is_told(home: Home) -> None:
    home.keep(record("one"))
    with closing(open_ledger(home.paths.ledger)) as connection:
        connection.execute("PRAGMA user_version = 9999")
    found = await home.one("ledger", State.FAIL)
    assert "has format 9999" in found.why
    assert found.to_do == "upgrade Pointsman, or choose another folder: pointsman serve --state DIR"


async def test_a_state_folder_that_can_not_be_made_is_told(home: Home) -> None:
    (home.folder / ".local").write_text("a file", encoding="utf-8")
    found = await home.one("ledger", State.FAIL)
    assert f"{home.folder}/.local is no folder" in found.why


async def test_a_budget_that_is_used_up_is_told_with_what_still_answers(home: Home) -> None:
    now = time.time()
    spent = attempt(tier="paid", cost=NANO, at=now, day=Calendar().day(now))
    home.keep(record("one", day=spent.day, attempts=(spent,)))
    home.write(f'{QUIET}[budgets.daily]\nwindow = "day"\nlimit = 1.0\n')
    found = await home.one("budgets", State.FAIL)
    assert found.what.startswith("budget daily: $1.00 of $1.00 spent (100 %), until ")
    assert "free models and those on this machine answer" in found.why
    assert "pointsman budget set day AMOUNT --name daily" in found.to_do


async def test_budgets_of_a_home_without_a_ledger_are_whole(home: Home) -> None:
    home.write(f'{QUIET}[budgets.daily]\nwindow = "day"\nlimit = 1.0\n')
    assert "budget daily: $0 of $1.00 spent" in (await home.one("budgets", State.OK)).what


async def test_a_budget_that_holds_back_is_warned_of(home: Home) -> None:
    now = time.time()
    spent = attempt(tier="paid", cost=NANO * 85 // 100, at=now, day=Calendar().day(now))
    home.keep(record("one", day=spent.day, attempts=(spent,)))
    home.write(f'{QUIET}[budgets.daily]\nwindow = "day"\nlimit = 1.0\n')
    assert (await home.one("budgets", State.WARN)).why == "spending is held back: thrifty"


async def test_who_is_left_alone_is_told_with_until_when(home: Home) -> None:
    now = time.time()
    home.keep(
        LimitRecord("account", "groq-1", "", now, now + 7200, 1, "its quota is used up"),
        LimitRecord("account", "groq-2", "", now - 9000, now - 100, 1, "over"),
    )
    found = await home.one("limits", State.WARN)
    assert found.words == "account groq-1 is left alone for 2 h 0 min: its quota is used up"


async def test_a_configuration_that_does_not_hold_is_told_with_its_line(home: Home) -> None:
    home.write(f"{QUIET}prot = 1\n")
    found = await home.one("configuration", State.FAIL)
    assert f"{home.paths.config_file}:5" in found.why


async def test_a_configuration_that_others_can_read_is_warned_of(home: Home) -> None:
    home.write(f'{QUIET}[providers.mine]\napi_base = "http://127.0.0.1:9/v1"\napi_key = "sk-1"\n')
    home.paths.config_file.chmod(0o644)
    assert (await home.one("configuration", State.WARN)).to_do == f"chmod 600 {home.paths.config_file}"


async def test_what_commands_have_set_and_does_not_fit_is_told(home: Home) -> None:
    home.paths.state_dir.mkdir(parents=True)
    home.paths.settings.write_text('{"privacy.mode": "loud"}', encoding="utf-8")
    assert "settings.json" in (await home.one("configuration", State.FAIL)).why


async def test_the_daemon_that_runs_is_no_trouble_and_is_told(home: Home) -> None:
    async with Daemon(config=QUIET) as daemon:
        case = await open_case(Places(daemon.config_file, daemon.state), home.environ)
        findings = await home.examined(case)
    assert [one for one in bad(findings) if one.topic in ("daemon", "port", "socket", "ledger")] == []
    told = "\n".join(one.words for one in findings)
    assert f"it runs at {daemon.url}: process {daemon.pid}" in told
    assert f"the daemon listens at {daemon.url}" in told


async def test_a_daemon_that_was_killed_is_told_with_what_it_left(home: Home) -> None:
    async with Daemon(config=QUIET) as daemon:
        daemon.kill()
        case = await open_case(Places(daemon.config_file, daemon.state), home.environ)
        findings = await home.examined(case)
    words = "\n".join(one.words for one in bad(findings))
    assert f"it ended without taking {daemon.state}/daemon.json with it" in words
    assert f"nobody answers at {daemon.socket}" in words
