"""What a configuration says of looking for models. Another one takes its place as a whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pointsman.config.schema import Config
from pointsman.discovery.overrides import Overrides
from pointsman.discovery.written import Written, read_overrides, without_place
from pointsman.money import Price


@dataclass(frozen=True, slots=True)
class Plan:
    """`local`: engines that nobody named are looked for. `remote`: providers are asked for their lists.

    `every`: seconds after which one that gave its list is asked again; None: until somebody asks for it.
    `unplaced`: what is named and can't be looked for, in plain words.
    """

    places: tuple[Written, ...] = ()
    overrides: Overrides = field(default_factory=Overrides)
    local: bool = True
    remote: bool = True
    every: float | None = None
    unplaced: tuple[str, ...] = ()


NOTHING_WRITTEN = Plan()


def read_plan(
    config: Config,
    environ: Mapping[str, str],
    places: Sequence[Written],
    library: Callable[[str, str], Price | None],
) -> Plan:
    """`library` knows prices, as `Overrides` has it."""
    return Plan(
        places=tuple(places),
        overrides=replace(read_overrides(config), library=library),
        local=config.discovery.local,
        remote=config.discovery.remote,
        every=config.discovery.remote_every,
        unplaced=without_place(config, environ),
    )
