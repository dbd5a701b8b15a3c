"""The whole configuration, and the sections that concern the daemon itself.

`Config()` is what holds without any file. Money is in US dollars, times are in seconds.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from pointsman.config.choosing import ChoosingConfig, ProfilesConfig, RoleField
from pointsman.config.fields import (
    Every,
    Flag,
    Megabytes,
    ModelId,
    Names,
    OwnName,
    Patience,
    PlaceName,
    Port,
    Section,
    Socket,
    Table,
    Text,
    Unset,
    Url,
    Word,
    empty,
)
from pointsman.config.money import AppConfig, BudgetConfig, DegradationConfig
from pointsman.config.places import PriceConfig, ProviderConfig
from pointsman.config.timeouts import TimeoutsConfig
from pointsman.funds import Budget, Scope
from pointsman.modes import Mode
from pointsman.types import Grade, TaskKind


class Hold(StrEnum):
    """How much of an answer is held back until it is passed on."""

    FIRST = "first"
    WHOLE = "whole"


class ServerConfig(Section):
    host: Text = Field(default="127.0.0.1", description="The address to listen on.")
    port: Annotated[Port | None, Unset("11711, or the next free one")] = Field(
        default=None,
        description="The TCP port to listen on. One named here is used, or the start fails. 0: any free one.",
    )
    socket: Socket = Field(
        default="auto",
        description="The Unix socket to listen on: `auto` is pointsman.sock in the runtime folder, "
        "else in the state folder.",
    )


class DiscoveryConfig(Section):
    local: Flag = Field(default=True, description="Look for engines on this machine.")
    remote: Flag = Field(
        default=True,
        description="Ask remote providers which models they have. false: those listed here are all.",
    )
    remote_every: Every = Field(
        default=21_600.0,
        description="How long until a remote provider that gave its list is asked again. false: only at "
        "start. One that gave none is asked after a minute, and then in growing pauses.",
    )


class PrivacyConfig(Section):
    mode: Word[Mode] = Field(
        default=Mode.NORMAL,
        description="What may answer. `normal`: all; `no-paid`: nothing that costs money; `local-only`: "
        "nothing but what is on this machine; `paused`: nothing. `pointsman mode` changes it at run time, "
        "and what it sets wins over the file.",
    )


class StreamsConfig(Section):
    hold: Word[Hold] = Field(
        default=Hold.FIRST,
        description="How much is held back: `first` passes an answer on from its first content; "
        "`whole` waits for its end, so that an answer that is cut is asked for again elsewhere.",
    )
    collect: Flag = Field(
        default=False,
        description="Ask for plain answers as streams too, and put them together: a model that falls "
        "silent is then noticed sooner, by the clocks of a stream.",
    )
    patience: Patience = Field(
        default=15.0,
        description="Seconds without content after which a streaming client is sent a sign of life, every "
        "ten seconds. The headers that name the model are then missing.",
    )


class Battery(StrEnum):
    """What is loaded while the machine is on battery."""

    SAME = "same"
    LIGHT = "light"


class MachineConfig(Section):
    memory: Flag = Field(
        default=True,
        description="Leave out a model here that is not loaded and does not fit into the memory that is "
        "free, as far as both are known. Where there is an Nvidia card nothing is known of it.",
    )
    battery: Word[Battery] = Field(
        default=Battery.SAME,
        description="On battery: `same` as ever, or `light`: no model above 8 billion parameters is loaded, "
        "unless it is named. What is loaded answers.",
    )


class LedgerConfig(Section):
    megabytes: Megabytes = Field(
        default=256,
        description="How large the ledger may get. Beyond it the oldest decisions go first, then the oldest "
        "requests; what was spent on each day stays.",
    )


class Config(Section):
    server: ServerConfig = Field(default_factory=ServerConfig, description="Where the daemon listens.")
    discovery: DiscoveryConfig = Field(
        default_factory=DiscoveryConfig, description="What the daemon looks for by itself."
    )
    privacy: PrivacyConfig = Field(default_factory=PrivacyConfig, description="What may leave this machine.")
    providers: Table[PlaceName, ProviderConfig] = Field(
        default_factory=empty,
        description="Providers and engines besides those that are found, and what is to be known of either.",
    )
    urls: Table[PlaceName, Url] = Field(
        default_factory=empty,
        description="Pages of documentation by provider, read for names of models where a provider has no "
        "list. `pointsman urls` changes them at run time, and what it sets wins over the file.",
    )
    prices: Table[ModelId, PriceConfig] = Field(
        default_factory=empty, description="Prices by provider/model; they win over all other sources."
    )
    grades: Table[ModelId, Word[Grade]] = Field(
        default_factory=empty, description="What a model can be trusted with, by provider/model."
    )
    models: Table[OwnName, Text] = Field(
        default_factory=empty,
        description="Aliases: a name that a client may send, and the name that it stands for. "
        "The alias may hold `*`. `pointsman alias` changes them at run time.",
    )
    roles: Table[OwnName, RoleField] = Field(
        default_factory=empty,
        description="Roles that a client may send as its model. A name in quotes in place of the table "
        "stands for its `model`. `pointsman role` changes them at run time.",
    )
    fallback: Table[OwnName, Names] = Field(
        default_factory=empty,
        description="Who is asked when a named model, alias or role fails, in this order: models, aliases, "
        "roles, `local`, `free`.",
    )
    profiles: ProfilesConfig = Field(
        default_factory=ProfilesConfig,
        description="The way of choosing that is in force. `pointsman profile` changes it at run time.",
    )
    tasks: Table[Word[TaskKind], Names] = Field(
        default_factory=empty,
        description="Models to take first, by kind of task. `pointsman task` changes them at run time.",
    )
    choosing: ChoosingConfig = Field(
        default_factory=ChoosingConfig, description="What else a choice goes by."
    )
    budgets: Table[OwnName, BudgetConfig] = Field(
        default_factory=empty,
        description="What may be spent. `pointsman budget` changes them at run time, and what it sets wins "
        "over the file.",
    )
    degradation: DegradationConfig = Field(
        default_factory=DegradationConfig, description="How spending is held back as a budget runs out."
    )
    timeouts: TimeoutsConfig = Field(
        default_factory=TimeoutsConfig, description="How long is waited for what."
    )
    streams: StreamsConfig = Field(default_factory=StreamsConfig, description="How answers are passed on.")
    machine: MachineConfig = Field(
        default_factory=MachineConfig, description="What this machine may be burdened with."
    )
    ledger: LedgerConfig = Field(
        default_factory=LedgerConfig, description="What is kept of requests, on this machine alone."
    )
    apps: Table[OwnName, AppConfig] = Field(
        default_factory=empty, description="Rules for one program, by its name."
    )


def budgets_of(config: Config) -> tuple[Budget, ...]:
    """In the file's order. What a program may spend comes after them, under the program's name.

    Where there is one of that name, a command has set it in the program's stead.
    """
    named = {name: one.to_budget(name, one.whose) for name, one in config.budgets.items()}
    own = {
        name: app.budget.to_budget(name, Scope("app", name))
        for name, app in config.apps.items()
        if app.budget is not None
    }
    return tuple({**named, **{name: one for name, one in own.items() if name not in named}}.values())
