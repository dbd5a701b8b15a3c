"""Every provider's row is whole. A row is written by hand and from documentation, so it is checked here.

That its dialect, tier and auth are members of their enums is mypy's to say.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from zoneinfo import available_timezones

import pytest

from pointsman.catalogue.providers import GENERIC, PROVIDERS
from pointsman.catalogue.row import Allowance, FreeTier, Mark, Provider
from pointsman.discovery.pages import DESCRIBERS, READERS
from pointsman.limits.free import DAY, SPANS
from pointsman.types import Auth, Tier
from pointsman.wire.formats import FORMATS

SOURCED = re.compile(r"https://\S+( .+)?, 20[0-9]{2}-[01][0-9](-[0-3][0-9])?")
GIFT = FreeTier((Allowance(20, "minute"),), "https://x, 2026-11-21", on_plan=True)
CLOUD = Provider(
    "cloud",
    "A cloud",
    tier=Tier.PAID,
    base_url="https://api.example/v1",
    key_env=("CLOUD_KEY",),
    sign_in="https://x",
    docs_url="https://x",
)
ENGINE = Provider(
    "engine",
    "An engine",
    tier=Tier.LOCAL,
    ports=(8080,),
    marks=(Mark("/props", key="n_ctx"),),
    docs_url="https://x",
)


def faults(row: Provider) -> Iterator[str]:
    """What is wrong with one row, in words that say what to write."""
    if not row.id or row.id != row.id.lower() or not row.id.replace("-", "").isalnum():
        yield "an id is lower-case letters, digits and dashes: it begins every model's name"
    if not row.title:
        yield "people see the title: name it as its makers do"
    if not row.docs_url.startswith("https://"):
        yield "docs_url is where the next person checks this row: an https address"
    yield from cloud_faults(row) if row.base_url else engine_faults(row)


def cloud_faults(row: Provider) -> Iterator[str]:
    if not row.base_url.startswith("https://") or row.base_url.endswith("/"):
        yield "base_url begins with https:// and ends without a slash: keys go there, and routes are appended"
    if row.tier not in (Tier.FREE, Tier.PAID):
        yield "a cloud's tier is FREE or PAID"
    if row.auth is not Auth.NONE and not row.key_env:
        yield "key_env names the environment variable that its own documentation uses"
    if row.key_env and not row.sign_in.startswith("https://"):
        yield "sign_in is where a key is had: an https address"
    yield from free_faults(row.free) if row.free else ()
    if row.ports or row.marks:
        yield "a cloud has an address; ports and marks are for engines that are looked for"


def free_faults(tier: FreeTier) -> Iterator[str]:
    if any(limit.span not in {*SPANS, DAY} or limit.count < 1 for limit in tier.limits) or not tier.limits:
        yield f"a free limit counts at least one request in one of {', '.join((*SPANS, DAY))}"
    if not all(limit.zone in available_timezones() for limit in tier.limits):
        yield "the zone of a free limit is one of the time zone database's"
    if not SOURCED.fullmatch(tier.source):
        yield "free limits change: their source is a https address and when it was read"
    if not (tier.suffix or tier.on_plan):
        yield "which models are free is told by their suffix, or by the plan of the key"


def engine_faults(row: Provider) -> Iterator[str]:
    if row.tier is not Tier.LOCAL and not (row.tier is None and (row.marks or row.relays)):
        yield "what has no base_url is an engine on this machine: its tier is LOCAL, or None if it passes on"
    if not all(0 < port < 65536 for port in row.ports):
        yield "a port is 1 to 65535"
    if not all(path.startswith("/") for path in (*(mark.path for mark in row.marks), *row.pages)):
        yield "the path of a mark and of a page begins with a slash"
    if not all(
        sum((bool(mark.key), bool(mark.header and mark.value), bool(mark.text))) == 1 for mark in row.marks
    ):
        yield "a mark is either a key, or a text, or a header and how its value begins"
    if not {*row.pages} <= {*READERS} or not {row.describes} <= {"", *DESCRIBERS}:
        yield "somebody reads each page: discovery/pages.py says who"
    if row.vital not in {"", *row.pages}:
        yield "what is vital is one of the pages"
    if not (row.ports or row.programs):
        yield "an engine is found by its ports or by its processes"
    yield from setting_faults(row)


def setting_faults(row: Provider) -> Iterator[str]:
    if row.context_setting and row.context_setting.format(32_768) == row.context_setting:
        yield "a context_setting has a place for the tokens: {}"
    if any(not name.isupper() for name in (*row.host_env, *row.port_env)):
        yield "host_env and port_env name environment variables"
    if not {*row.speaks} <= {*FORMATS}:
        yield "what it speaks are keys of FORMATS: wire/formats.py"
    if any(name != name.lower() for name in row.programs):
        yield "programs are compared in lower case"


def clashes(rows: Sequence[Provider]) -> Iterator[str]:
    """What is wrong between rows."""
    for id_, times in Counter(row.id for row in rows).items():
        if times > 1:
            yield f"{id_} has {times} rows: an id is unique"
    for port, times in Counter(row.ports[0] for row in rows if row.ports and not row.marks).items():
        if times > 1 or any(row.ports[:1] == (port,) for row in rows if row.marks):
            yield f"port {port} is the first of two engines, of which one has no marks to be told apart by"


def test_every_row_is_whole() -> None:
    found = [f"{row.id}: {fault}" for row in PROVIDERS for fault in faults(row)]
    assert not found, "\nmend daemon/pointsman/catalogue/providers.py:\n" + "\n".join(found)


def test_no_two_rows_clash() -> None:
    found = list(clashes((GENERIC, *PROVIDERS)))
    assert not found, "\nmend daemon/pointsman/catalogue/providers.py:\n" + "\n".join(found)


def test_no_process_belongs_to_two_engines() -> None:
    programs = Counter(program for row in PROVIDERS for program in row.programs)
    assert not [program for program, times in programs.items() if times > 1]


def test_an_unrecognised_server_has_no_tier_and_is_found_by_no_port() -> None:
    assert GENERIC.tier is None
    assert (GENERIC.ports, GENERIC.marks, GENERIC.base_url) == ((), (), "")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (replace(CLOUD, id="My Cloud"), "an id is"),
        (replace(CLOUD, title=""), "the title"),
        (replace(CLOUD, docs_url=""), "docs_url"),
        (replace(CLOUD, base_url="http://api.example/v1"), "base_url"),
        (replace(CLOUD, base_url="https://api.example/v1/"), "base_url"),
        (replace(CLOUD, tier=Tier.LOCAL), "FREE or PAID"),
        (replace(CLOUD, key_env=()), "key_env"),
        (replace(CLOUD, sign_in=""), "where a key is had"),
        (replace(CLOUD, ports=(80,)), "has an address"),
        (replace(CLOUD, free=replace(GIFT, limits=())), "at least one"),
        (replace(CLOUD, free=replace(GIFT, limits=(Allowance(0, "day"),))), "at least one"),
        (replace(CLOUD, free=replace(GIFT, limits=(Allowance(1, "week"),))), "in one of"),
        (replace(CLOUD, free=replace(GIFT, limits=(Allowance(1, "day", zone="Mars"),))), "time zone"),
        (replace(CLOUD, free=replace(GIFT, source="https://x")), "when it was read"),
        (replace(CLOUD, free=replace(GIFT, on_plan=False)), "which models are free"),
        (replace(ENGINE, tier=None, marks=()), "LOCAL"),
        (replace(ENGINE, tier=Tier.PAID), "LOCAL"),
        (replace(ENGINE, ports=(65536,)), "a port is"),
        (replace(ENGINE, marks=(Mark("props", key="n_ctx"),)), "slash"),
        (replace(ENGINE, marks=(Mark("/props"),)), "either a key"),
        (replace(ENGINE, marks=(Mark("/props", key="a", header="Server", value="b"),)), "either a key"),
        (replace(ENGINE, marks=(Mark("/", key="a", text="b"),)), "either a key"),
        (replace(ENGINE, pages=("/nobody-reads-it",)), "somebody reads"),
        (replace(ENGINE, describes="/nobody-reads-it"), "somebody reads"),
        (replace(ENGINE, vital="/props"), "is vital"),
        (replace(ENGINE, ports=()), "is found by"),
        (replace(ENGINE, context_setting="-c"), "place for the tokens"),
        (replace(ENGINE, speaks=("anthropic",)), "keys of FORMATS"),
        (replace(ENGINE, host_env=("host",)), "environment variables"),
        (replace(ENGINE, programs=("Engine",)), "lower case"),
    ],
)
def test_a_row_that_is_not_whole_is_found(row: Provider, words: str) -> None:
    (fault,) = faults(row)
    assert words in fault


def test_rows_that_clash_are_found() -> None:
    bare = replace(ENGINE, id="bare", marks=())
    assert [*clashes((CLOUD, CLOUD))] == ["cloud has 2 rows: an id is unique"]
    assert "port 8080" in next(clashes((ENGINE, bare)))
    assert "port 8080" in next(clashes((bare, replace(bare, id="other"))))


def test_whole_rows_have_no_fault() -> None:
    assert not [*faults(CLOUD), *faults(ENGINE), *clashes((CLOUD, ENGINE, replace(ENGINE, id="other")))]
