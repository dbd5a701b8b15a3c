"""GET keys: what has one and what wants one. POST keys/{name}, .../test, DELETE: for the socket's owner.

A key goes in and never comes out: of one that is there its fingerprint is told.
"""

import asyncio
from collections.abc import Container, Mapping
from contextlib import suppress

import msgspec
from aiohttp import web
from pydantic import SecretStr

from pointsman.config.keys import fingerprint
from pointsman.discovery.keybook import Trial, Verdict
from pointsman.discovery.written import Written
from pointsman.errors import BadRequest, Shuts
from pointsman.limits.circuit import Shut
from pointsman.server.control.reply import reply
from pointsman.server.control.shapes import KeyShape, KeysShape, TrialShape
from pointsman.server.guard import check_change
from pointsman.server.inference import read_body
from pointsman.server.rooms import ROOMS, Rooms
from pointsman.types import Endpoint, Health

BODY = 'the body must be {"key": "...", "untested": false, "keyring": false}, of which only the key is needed'

LOOKS_FOR = 5.0  # seconds that the answer to a key waits for lists


class SetKey(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    untested: bool = False
    keyring: bool = False


async def get_keys(request: web.Request) -> web.Response:
    rooms = request.app[ROOMS]
    await rooms.keys.refresh(rooms.sweeper.rewrite)
    return reply(_keys(rooms))


async def post_key(request: web.Request) -> web.Response:
    """Tries a key and keeps it; answers with all keys, once its place was looked at."""
    check_change(request)
    name, rooms = request.match_info["name"], request.app[ROOMS]
    asked = _read(await read_body(request))
    await rooms.keys.keep(
        name, SecretStr(asked.key), rooms.sweeper.rewrite, untested=asked.untested, keyring=asked.keyring
    )
    await _looked(rooms)
    return reply(_keys(rooms))


async def post_test(request: web.Request) -> web.Response:
    check_change(request)
    name, rooms = request.match_info["name"], request.app[ROOMS]
    await rooms.keys.refresh(rooms.sweeper.rewrite)
    trial = await rooms.keys.test(name)
    return reply(TrialShape(name=name, verdict=trial.verdict.value, words=trial.words, at=trial.at))


async def delete_key(request: web.Request) -> web.Response:
    """Takes away a key that was given; answers with all keys."""
    check_change(request)
    rooms = request.app[ROOMS]
    await rooms.keys.remove(request.match_info["name"], rooms.sweeper.rewrite)
    return reply(_keys(rooms))


async def _looked(rooms: Rooms) -> None:
    """Waits for the look that the change began, so that the next request finds what the key is for."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOKS_FOR):
            await rooms.sweeper.sweep("a key was set", everything=True)


def _read(body: bytes) -> SetKey:
    """Raises BadRequest, which repeats nothing of the body."""
    try:
        return msgspec.json.decode(body, type=SetKey)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest(BODY) from None


def _keys(rooms: Rooms) -> KeysShape:
    endpoints = {endpoint.id: endpoint for endpoint in rooms.registry.snapshot.endpoints}
    shut = {one.key.id: one for one in rooms.router.limits() if one.key.shuts is Shuts.ACCOUNT}
    return KeysShape(
        keys=[
            _key(place, rooms.keys.trial(place), endpoints.get(place.id), shut, rooms.key_watch.known)
            for place in rooms.keys.entries()
        ],
        trouble=rooms.keys.trouble,
    )


def _key(
    place: Written,
    trial: Trial | None,
    endpoint: Endpoint | None,
    shut: Mapping[str, Shut],
    told: Container[str],
) -> KeyShape:
    state, note = _state(place, trial, endpoint, shut, told)
    return KeyShape(
        name=place.id,
        title=place.row.title,
        origin=place.origin,
        fingerprint=fingerprint(place.account.key) if place.account else "",
        state=state,
        note="; ".join(filter(None, (note, place.passed_over))),
        tested_at=trial.at if trial else None,
        sign_in=place.row.sign_in if place.cloud else "",
    )


def _state(
    place: Written,
    trial: Trial | None,
    endpoint: Endpoint | None,
    shut: Mapping[str, Shut],
    told: Container[str],
) -> tuple[str, str]:
    """In one word, and what is to be said of it. What requests are told outweighs what a trial was.

    `told`: the accounts whose provider has said what is left of the key.
    """
    if place.account is None:
        return "missing", place.trouble or place.sign_in
    parked = shut.get(place.account.id)
    if parked and not parked.limited:
        return Verdict.REFUSED.value, parked.reason
    note = parked.reason if parked and parked.seconds else ""
    if trial:
        return trial.verdict.value, "; ".join(filter(None, (trial.note, note)))
    if endpoint and endpoint.health is Health.REFUSED:
        return Verdict.REFUSED.value, endpoint.note
    return Verdict.WORKS.value if place.account.id in told else "untested", note
