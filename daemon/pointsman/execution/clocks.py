"""How long each phase of an attempt may take, by who is asked and what for.

What the configuration sets holds as it is; for the rest there are the defaults here.
"""

from dataclasses import astuple, dataclass

from pointsman.calls import Call, Candidate, Task
from pointsman.config.schema import Config
from pointsman.config.timeouts import TimeoutsConfig
from pointsman.execution.pace import Pace
from pointsman.types import Ability, Tier

FIRST_CONTENT = 60.0
THINKING = 180.0  # its first content, where thoughts are not shown as they come
PLAIN = 300.0
IDLE = 30.0

LOAD_LIMIT = 300.0  # a local model may have to be loaded first
READINGS = 3  # times that a prompt may take of what it is expected to
LOCAL_IDLE = 120.0
UNKNOWN_OUTPUT = 2_000  # tokens of an answer that has no limit


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds. `headers` until the answer's head, `idle` between two pieces, `total` of all attempts.

    `client`: as long as the client of a plain request is taken to wait. None is longer than `total`.
    """

    connect: float
    headers: float
    first_content: float
    idle: float
    total: float
    client: float


def clocks_for(candidate: Candidate, call: Call, task: Task, config: Config, pace: Pace) -> Clocks:
    """A plain answer's head comes when all of it is ready; a local engine's when its model is loaded."""
    timeouts = _timeouts(candidate.model.endpoint.id, config)
    local = candidate.model.tier is Tier.LOCAL
    first_content = timeouts.first_content or _first_content(candidate, call, task, pace)
    whole = max(PLAIN, first_content + _writing(candidate, call, pace)) if local else PLAIN
    streamed = first_content if local else timeouts.headers
    found = Clocks(
        connect=timeouts.connect,
        headers=streamed if call.stream else timeouts.plain or whole,
        first_content=first_content,
        idle=timeouts.idle or (LOCAL_IDLE if local else IDLE),
        total=timeouts.total,
        client=timeouts.client,
    )
    return Clocks(*(min(seconds, timeouts.total) for seconds in astuple(found)))


def _timeouts(endpoint_id: str, config: Config) -> TimeoutsConfig:
    """The provider's own clocks, over those of all."""
    given = config.providers.get(endpoint_id)
    return given.timeouts.over(config.timeouts) if given and given.timeouts else config.timeouts


def _first_content(candidate: Candidate, call: Call, task: Task, pace: Pace) -> float:
    if candidate.model.tier is Tier.LOCAL:
        return LOAD_LIMIT + READINGS * pace.reading(candidate.model, task.prompt_tokens)
    return THINKING if _thinks(candidate, call) else FIRST_CONTENT


def _writing(candidate: Candidate, call: Call, pace: Pace) -> float:
    """Several choices are taken to be written one after the other."""
    return pace.writing(candidate.model, (call.max_tokens or UNKNOWN_OUTPUT) * call.choices)


def _thinks(candidate: Candidate, call: Call) -> bool:
    """Few lists say which models think; a request that asks for it is not sent to one that does not."""
    model = candidate.model
    return Ability.THINKING in model.has or (call.thinks and Ability.THINKING not in model.lacks)
