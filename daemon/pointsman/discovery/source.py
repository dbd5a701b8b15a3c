"""What a source of discovery is, and what all of them share: how a list becomes models."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Protocol

from pointsman.catalogue.grades import Told, grade_of
from pointsman.catalogue.providers import provider
from pointsman.catalogue.row import Provider
from pointsman.discovery.listing import Listed, Listing, short_names
from pointsman.discovery.overrides import Overrides
from pointsman.discovery.plan import Plan
from pointsman.discovery.probe import Sighting
from pointsman.money import NOTHING_TO_PAY, Price
from pointsman.types import Endpoint, Finding, Grade, Health, Model, ModelState, Tier

SILENT_NOTE = "it takes connections but did not answer in time when asked for its models: busy or stuck"
NOTES_SHOWN = 3  # of what is wrong with one list


class Source(Protocol):
    """A way to find endpoints. Its failure is its own: `look` may raise, and the others go on."""

    @property
    def name(self) -> str: ...

    @property
    def remote(self) -> bool:
        """Elsewhere than on this machine: not in the local rhythm."""
        ...

    @property
    def ports(self) -> frozenset[int]:
        """Local ports that it looks at: a change of who listens there is worth a look."""
        ...

    @property
    def looked_for(self) -> tuple[str, ...]:
        """In plain words, for `status` and errors."""
        ...

    def follow(self, plan: Plan) -> None:
        """This is written from now on; a look that is under way tells nothing of what was."""
        ...

    def known(self) -> Sequence[Finding]:
        """What stands without looking."""
        ...

    def covers(self, endpoint: Endpoint) -> bool:
        """Whether its last look, if that did not find this endpoint, has missed it."""
        ...

    def has(self, endpoint: Endpoint) -> bool:
        """Whether it may still find it; what no source has is forgotten."""
        ...

    def retell(self, endpoint: Endpoint) -> tuple[Model, ...] | None:
        """The models that it listed last, as the user's word on them is now. None: it does not know."""
        ...

    async def look(self, found: Callable[[Finding], object]) -> None:
        """Look once, bounded in time; `found` is called as things are found."""
        ...


def models_of(endpoint: Endpoint, listed: Sequence[Listed], overrides: Overrides) -> tuple[Model, ...]:
    names = short_names([model.served_as for model in listed])
    return tuple(_model(endpoint, name, model, overrides) for name, model in zip(names, listed, strict=True))


def models_told(
    endpoint: Endpoint, listing: Listing | None, overrides: Overrides
) -> tuple[Model, ...] | None:
    """The models of a list. None: there was no list, so that those known before stand."""
    return models_of(endpoint, listing.models, overrides) if listing else None


def notes_of(seen: Sighting, wants_a_key: str) -> Iterator[str]:
    """What people are told of a sighting: its health, and the first of its list's complaints."""
    if seen.health is Health.REFUSED:
        yield wants_a_key
    elif seen.health is Health.LOADING:
        yield "it is loading its model"
    elif seen.note:
        yield seen.note
    complaints = seen.listing.notes if seen.listing else ()
    yield from complaints[:NOTES_SHOWN]
    if (rest := len(complaints) - NOTES_SHOWN) > 0:
        yield f"and {rest} more of this kind"


async def all_visits(visits: Iterable[Coroutine[object, object, None]]) -> None:
    """Makes all visits, however many of them fail; raises their failures together at the end."""
    ended = await asyncio.gather(*visits, return_exceptions=True)
    if failures := [failure for failure in ended if isinstance(failure, Exception)]:
        raise ExceptionGroup("visits failed", failures)


def _model(endpoint: Endpoint, name: str, listed: Listed, overrides: Overrides) -> Model:
    model_id = f"{endpoint.id}/{name}"
    row = provider(endpoint.provider)
    users = overrides.prices.get(model_id)
    tier = _tier(endpoint.tier, listed, users)
    price, price_source = (users, "user") if users else _price(tier, endpoint, listed, overrides)
    grade, grade_source = _grade(overrides.grades.get(model_id), tier, name, listed, price)
    return Model(
        id=model_id,
        name=name,
        served_as=listed.served_as,
        endpoint=endpoint,
        tier=tier,
        state=ModelState.LOADING if endpoint.health is Health.LOADING else listed.state,
        context=listed.context,
        stretch=listed.stretch,
        slots=listed.slots,
        max_output=listed.max_output,
        has=listed.has,
        lacks=listed.lacks,
        reads=listed.reads,
        price=price,
        price_source=price_source,
        source=listed.source,
        grade=grade,
        grade_source=grade_source,
        size_bytes=listed.size_bytes,
        parameters=listed.parameters,
        quantisation=listed.quantisation,
        runs_at=listed.runs_at,
        trains=overrides.trains.get(endpoint.id, _trains(row, tier, endpoint, listed)),
        aliases=tuple(alias for alias in listed.aliases if alias != name),
        known_as=frozenset({name, listed.served_as, *listed.aliases} if row and row.takes_any_name else ()),
    )


def _tier(of_place: Tier | None, listed: Listed, users: Price | None) -> Tier | None:
    """That of its place; but what runs elsewhere is paid, and what its list gives away is free."""
    if of_place is Tier.LOCAL and listed.runs_at:
        return Tier.PAID
    if of_place is Tier.PAID and listed.free and not (users and (users.input or users.output)):
        return Tier.FREE
    return of_place


def _price(
    tier: Tier | None, endpoint: Endpoint, listed: Listed, overrides: Overrides
) -> tuple[Price | None, str]:
    """The list's, then the library's; only what is not paid is known to cost nothing."""
    if tier in {Tier.LOCAL, Tier.FREE}:
        return NOTHING_TO_PAY, ""
    if tier is None or listed.runs_at:
        return None, ""
    if listed.price is not None:
        return listed.price, "catalogue"
    known = overrides.library(endpoint.place.url, listed.served_as)
    return (known, "library") if known else (None, "")


def _grade(
    users: Grade | None, tier: Tier | None, name: str, listed: Listed, price: Price | None
) -> tuple[Grade, str]:
    if users is not None:
        return users, "user"
    return grade_of(Told(name, tier, listed.parameters, listed.size_bytes, listed.quantisation, price))


def _trains(row: Provider | None, tier: Tier | None, endpoint: Endpoint, listed: Listed) -> bool | None:
    """Its list knows best; a model that runs elsewhere is not its engine's to answer for."""
    if listed.trains is not None or listed.runs_at:
        return listed.trains
    return row.trains_on(tier, endpoint.place.url) if row else None
