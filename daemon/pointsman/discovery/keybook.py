"""The keys that places are asked with: where each is from, whether it works, and how it comes and goes.

A key is tried before it is kept. Of what a provider says to it only the status is told: some repeat the
key in their refusal.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from types import MappingProxyType

import aiohttp
from pydantic import SecretStr

from pointsman.catalogue.providers import PROVIDERS
from pointsman.config.credentials import NO_KEYS, NOTHING_KEPT, Credentials, Keys
from pointsman.config.keys import is_reference, keep_in_keyring, objection, remove_from_keyring
from pointsman.config.readers import nearest
from pointsman.config.schema import Config
from pointsman.discovery.lists import LISTS, PLAIN
from pointsman.discovery.probe import FAR
from pointsman.discovery.written import CREDENTIALS, Said, Written, how_to_sign_in, read_place, read_places
from pointsman.errors import BadRequest, ConfigError, KeyNotKept, NotFound
from pointsman.net import Sessions, auth_headers

IN_KEYRING = "keyring:"
IT_WORKS = "it works"
FORBIDDEN = "it was answered 403"

PutToUse = Callable[[Sequence[Written]], object]

log = logging.getLogger(__name__)


class Verdict(StrEnum):
    WORKS = "works"
    REFUSED = "refused"
    UNCLEAR = "unclear"  # whoever answered, it was not about the key


@dataclass(frozen=True, slots=True)
class Trial:
    """One try of a key. `words` for people; `at` wall clock."""

    verdict: Verdict
    words: str
    at: float

    @property
    def note(self) -> str:
        """What there is to say beside that it works; empty: nothing."""
        return "" if self.words == IT_WORKS else self.words


# What is said to a GET that differs from others by nothing but its key. Gemini says 400 to a wrong one.
VERDICTS: Mapping[int, tuple[Verdict, str]] = MappingProxyType(
    {
        200: (Verdict.WORKS, IT_WORKS),
        400: (Verdict.REFUSED, "it was answered 400"),
        401: (Verdict.REFUSED, "it was answered 401"),
        402: (Verdict.WORKS, "it works, and its account has no credit left (402)"),
        403: (Verdict.REFUSED, FORBIDDEN),
    }
)


class Keybook:
    """Whoever changes a key says who is to be given all places then: `put_to_use`.

    `on_works` is told of each account whose key was tried and works.
    """

    def __init__(
        self,
        config: Callable[[], Config],
        environ: Mapping[str, str],
        credentials: Credentials,
        sessions: Sessions,
        wall: Callable[[], float],
        *,
        on_works: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._config = config
        self._environ = environ
        self._credentials = credentials
        self._sessions = sessions
        self._wall = wall
        self._on_works = on_works
        self._places: tuple[Written, ...] = ()
        self._trials: dict[str, Trial] = {}  # the last, by account
        self._changing = asyncio.Lock()
        self._stamp: tuple[int, ...] = ()  # of the credentials, when they were last read
        self.trouble = ""  # what is wrong with the credentials; empty: nothing

    def read(self) -> tuple[Written, ...]:
        """All places. Credentials that can't be read take no place away but their own."""
        self._stamp = self._credentials.stamp()
        self._places = read_places(self._config(), self._environ, self._kept())
        return self._places

    async def refresh(self, put_to_use: PutToUse) -> None:
        """Reads the credentials again where somebody else has changed them."""
        await self._in_turn(self._read_if_others, put_to_use)

    async def reread(self, put_to_use: PutToUse) -> None:
        """What the configuration says of places may be other than it was, and keys where it says they are."""
        await self._in_turn(self.read, put_to_use)

    def entries(self) -> list[Written]:
        """What has a key, and each cloud that wants one."""
        there = {place.id: place for place in self._places}
        others = [row.id for row in PROVIDERS if row.base_url and row.id not in there]
        wanting = [read_place(name, self._said(NO_KEYS)) for name in others]
        held = [place for place in self._places if place.origin or place.cloud]
        return [*held, *(place for place in wanting if place)]

    def trial(self, place: Written) -> Trial | None:
        return self._trials.get(place.account.id) if place.account else None

    async def test(self, name: str) -> Trial:
        """Raises NotFound, or BadRequest where there is no key to be tried."""
        self._check(name)
        place = next((place for place in self._places if place.id == name), None)
        if place is None or place.account is None:
            raise BadRequest((place and place.trouble) or f"there is no key for {name}: {_how_to(name)}")
        return await self._try(place)

    async def keep(
        self, name: str, key: SecretStr, put_to_use: PutToUse, *, untested: bool, keyring: bool
    ) -> None:
        """Raises a PointsmanError, and then nothing was changed."""
        place = self._with(name, key)
        trial = None if untested else await self._try(place)
        if trial and trial.verdict is not Verdict.WORKS:
            raise KeyNotKept(_not_kept(place, trial))
        await self._in_turn(partial(self._file, name, key, keyring=keyring), put_to_use)

    async def remove(self, name: str, put_to_use: PutToUse) -> None:
        """Raises as `keep` does."""
        self._check(name)
        await self._in_turn(partial(self._take_away, name), put_to_use)

    async def _in_turn(self, work: Callable[[], Sequence[Written] | None], put_to_use: PutToUse) -> None:
        """One at a time, in a thread; and what was read is put to use, though who asked may be gone."""

        async def turn() -> None:
            async with self._changing:
                if (places := await asyncio.to_thread(work)) is not None:
                    put_to_use(places)

        await asyncio.shield(turn())

    def _read_if_others(self) -> Sequence[Written] | None:
        return None if self._credentials.stamp() == self._stamp else self.read()

    def _kept(self) -> Keys:
        try:
            kept = self._credentials.read()
            self.trouble = "; ".join(kept.bad.values())
        except ConfigError as error:
            kept, self.trouble = NOTHING_KEPT, error.message
        if self.trouble:
            log.warning("%s", self.trouble)
        return kept.keys

    def _said(self, credentials: Keys) -> Said:
        return Said(self._config(), self._environ, credentials)

    def _check(self, name: str) -> None:
        known = [*self._config().providers, *(row.id for row in PROVIDERS if row.base_url)]
        if name not in known:
            near = nearest(name, known)
            meant = f"did you mean {near}?" if near else f"there are {', '.join(dict.fromkeys(known))}"
            raise NotFound(f"no provider is called {name[:80]!r}: {meant}")

    def _with(self, name: str, key: SecretStr) -> Written:
        """The place as it would be with that key."""
        self._check(name)
        if is_reference(key):
            raise BadRequest("that is not a key but says where one is: write it into the configuration")
        if (why := objection(key)) is not None:
            raise BadRequest(f"the key {why}")
        place = read_place(name, self._said({name: key}))
        if place is None or place.origin != CREDENTIALS:
            raise BadRequest(
                f"the configuration says with which key {name} is asked: change api_key in [providers.{name}]"
            )
        if place.account is None:
            raise BadRequest(place.trouble)
        return place

    async def _try(self, place: Written) -> Trial:
        verdict, words = await _asked(self._sessions, place)
        trial = Trial(verdict, words, self._wall())
        if place.account:
            self._trials[place.account.id] = trial
            if verdict is Verdict.WORKS:
                self._on_works(place.account.id)
        return trial

    def _file(self, name: str, key: SecretStr, *, keyring: bool) -> Sequence[Written]:
        before = self._credentials.read().keys.get(name)
        self._credentials.keep(name, keep_in_keyring(name, key) if keyring else key)
        if not keyring:
            _leave_keyring(name, before)
        return self.read()

    def _take_away(self, name: str) -> Sequence[Written]:
        kept = self._credentials.read()
        if name not in kept.keys and name not in kept.bad:
            raise BadRequest(f"no key of {name} was given to Pointsman{self._elsewhere(name)}")
        self._credentials.remove(name)
        _leave_keyring(name, kept.keys.get(name))
        return self.read()

    def _elsewhere(self, name: str) -> str:
        origin = next((place.origin for place in self._places if place.id == name), "")
        return f": the one that is used is from {origin}" if origin else ""


def _leave_keyring(name: str, before: SecretStr | None) -> None:
    if before is not None and before.get_secret_value().startswith(IN_KEYRING):
        remove_from_keyring(name)


async def _asked(sessions: Sessions, place: Written) -> tuple[Verdict, str]:
    """What the cheapest page that needs a key says to it."""
    asked = LISTS.get(place.dialect, PLAIN)
    page = place.row.key_page or f"/models{asked.first}"
    try:
        async with sessions.session(place.place).get(
            place.place.url + page,
            headers={**asked.headers, **auth_headers(place.account)},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=FAR.silence, sock_connect=FAR.connect),
        ) as response:
            if response.status == 200 and response.content_type == "text/html":
                return Verdict.UNCLEAR, f"{place.place} answered with a web page"
            said = f"{place.place} answered {response.status}"
            return VERDICTS.get(response.status, (Verdict.UNCLEAR, said))
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Verdict.UNCLEAR, f"{place.place} did not answer ({type(error).__name__})"


def _not_kept(place: Written, trial: Trial) -> str:
    how = f"To keep it all the same: pointsman keys set {place.id} --untested"
    if trial.verdict is not Verdict.REFUSED:
        return f"the key could not be tried ({trial.words}): nothing was changed. {how}"
    refused = f"{place.id} refuses this key ({trial.words}): nothing was changed"
    if trial.words != FORBIDDEN or place.row.key_page:
        return refused
    return f"{refused}. It may only lack the right to list models. {how}"


def _how_to(name: str) -> str:
    row = next((row for row in PROVIDERS if row.id == name), None)
    return how_to_sign_in(name, row) if row else f"pointsman keys set {name}"
