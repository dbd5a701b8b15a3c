"""The lists of models that providers elsewhere give: had now, of some age, or not at all."""

from collections.abc import Iterator
from datetime import UTC, datetime
from math import inf

from pointsman.catalogue.prices import packaged
from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.finding import Finding, note, ok, warn
from pointsman.cli.show import ago, count
from pointsman.discovery.catalogues import KEPT, SEEDED, Sync
from pointsman.discovery.written import Written
from pointsman.server.control.words import models_of
from pointsman.types import Endpoint, Health

TOPIC = "catalogues"
DAY = 86_400.0  # seconds
EXPIRED = 7 * DAY
PERIODS = 4  # of `remote_every`, without a list, after which a daemon's is too old
LOOK_AGAIN = "pointsman discover"
PRICES_OLD = 180 * DAY


def catalogues(case: Case) -> Iterator[Finding]:
    if case.cut_off:
        yield from _expired(case)
    else:
        yield from _lists(case)
    yield from _prices(case)


def _lists(case: Case) -> Iterator[Finding]:
    known = {endpoint.id: endpoint for endpoint in case.look.snapshot.endpoints}
    for place in case.look.elsewhere:
        endpoint = known.get(place.id)
        if endpoint and endpoint.health is not Health.REFUSED:  # which is for the check of keys to tell
            yield _list(place, endpoint, case)


def _expired(case: Case) -> Iterator[Finding]:
    """All in one, where nobody elsewhere answers."""
    told = ((place.id, case.look.syncs.get(place.id, Sync(""))) for place in case.look.elsewhere)
    ages = {name: _age(sync, case) for name, sync in told if sync.source == KEPT}
    old = [f"{name} ({ago(age)})" for name, age in ages.items() if age > _long(case)]
    if old:
        yield warn(
            TOPIC,
            f"lists have expired: {', '.join(old)}",
            "nobody elsewhere answers",
            case.by_daemon(LOOK_AGAIN),
        )


def _list(place: Written, endpoint: Endpoint, case: Case) -> Finding:
    told = case.look.syncs.get(place.id, Sync(""))
    whose = f"the list of {place.id}"
    if not case.config.discovery.remote and not _age(told, case):
        return note(TOPIC, f"{whose} is not asked for", "discovery.remote is off")
    if told.source == KEPT:
        return _kept(whose, told, case)
    if told.source in {"", SEEDED}:
        instead = "; well-known models are shown in its place" if told.source else ""
        return warn(
            TOPIC,
            f"{whose} can't be had{instead}",
            told.error or "no answer in time",
            case.by_daemon(LOOK_AGAIN),
        )
    if (age := _daemons(place, case)) > _too_old(case):
        return warn(TOPIC, f"the daemon has {whose} as of {ago(age)}", "it can be had anew", LOOK_AGAIN)
    models = len(models_of(endpoint, case.look.snapshot))
    return ok(TOPIC, f"{whose} can be had", count(models, "model"))


def _kept(whose: str, told: Sync, case: Case) -> Finding:
    age = _age(told, case)
    why = told.error or ("no answer in time" if case.config.discovery.remote else "discovery.remote is off")
    state = f"{whose} has expired: it is" if age > _long(case) else f"{whose} is"
    return warn(TOPIC, f"{state} as of {ago(age)}", why, case.by_daemon(LOOK_AGAIN))


def _age(told: Sync, case: Case) -> float:
    return case.now - told.at if told.at else 0.0


def _daemons(place: Written, case: Case) -> float:
    """Seconds since a daemon that runs has had the list; 0 where none runs, or it never had it."""
    at = next((one.at for one in case.past.kept if one.endpoint == place.id), None)
    return case.now - at if at and case.running.status else 0.0


def _too_old(case: Case) -> float:
    every = case.config.discovery.remote_every
    return inf if every is None else max(PERIODS * every, DAY)


def _long(case: Case) -> float:
    return min(EXPIRED, _too_old(case))


def _prices(case: Case) -> Iterator[Finding]:
    """What models cost whose lists do not say."""
    written = packaged().written
    if (days := (datetime.fromtimestamp(case.now, UTC).date() - written).days) * DAY > PRICES_OLD:
        what = f"the table of prices is {days} days old ({written})"
        yield note(TOPIC, what, "it comes with Pointsman", "upgrade Pointsman")
