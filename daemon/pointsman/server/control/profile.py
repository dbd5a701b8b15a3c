"""GET profile: the ways of choosing. POST profile, for the socket's owner: another is active."""

import msgspec
from aiohttp import web

from pointsman.profiles import Profile
from pointsman.server.choices import ACTIVE, COMMAND, PROFILES, Choices
from pointsman.server.control.bodies import read_change
from pointsman.server.control.choice_shapes import ProfileShape, ProfilesShape, WeightsShape
from pointsman.server.control.reply import reply
from pointsman.server.rooms import ROOMS

BODY = 'the body must be {"profile": ...}, with a profile\'s name, or null for what the configuration says'


class SetProfile(msgspec.Struct, forbid_unknown_fields=True):
    profile: str | None


async def get_profile(request: web.Request) -> web.Response:
    return reply(_shape(request.app[ROOMS].choices))


async def post_profile(request: web.Request) -> web.Response:
    wanted = (await read_change(request, SetProfile, BODY)).profile
    choices = request.app[ROOMS].choices
    if wanted is not None:
        choices.set({f"{PROFILES}.{ACTIVE}": wanted})
    elif choices.origin(PROFILES, ACTIVE) == COMMAND:
        choices.undo(PROFILES, ACTIVE)
    return reply(_shape(choices))


def _shape(choices: Choices) -> ProfilesShape:
    names = choices.names()
    return ProfilesShape(
        active=names.active,
        origin=choices.origin(PROFILES, ACTIVE),
        profiles=[_profile(one, choices) for one in names.profiles.values()],
    )


def _profile(one: Profile, choices: Choices) -> ProfileShape:
    return ProfileShape(
        name=one.name,
        ladder=[tier.word for tier in one.ladder],
        slack=one.slack,
        best_first=one.best_first,
        weights=WeightsShape(cost=one.weights.cost, time=one.weights.time, quality=one.weights.quality),
        origin=choices.origin(PROFILES, one.name),
    )
