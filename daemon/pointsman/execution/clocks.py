"""How long each phase of an attempt may take, by where the model is and how the answer comes."""

from dataclasses import dataclass

from pointsman.config.schema import TimeoutsConfig
from pointsman.types import Call, Candidate, Tier

REMOTE_FIRST_CONTENT = 60.0
REMOTE_IDLE = 30.0
LOCAL_FIRST_CONTENT = 300.0  # a model may have to be loaded first, and read a long prompt on a slow machine
LOCAL_IDLE = 120.0


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds. `headers` until the answer's head, `idle` between two pieces, `total` of all attempts."""

    connect: float
    headers: float
    first_content: float
    idle: float
    total: float


def clocks_for(candidate: Candidate, call: Call, timeouts: TimeoutsConfig) -> Clocks:
    """What the configuration leaves open depends on the tier.

    A plain answer's head comes when all of it is ready; a local engine's when its model is loaded.
    """
    local = candidate.model.tier is Tier.LOCAL
    first_content = timeouts.first_content or (LOCAL_FIRST_CONTENT if local else REMOTE_FIRST_CONTENT)
    headers = timeouts.plain if not call.stream else first_content if local else timeouts.headers
    return Clocks(
        connect=timeouts.connect,
        headers=headers,
        first_content=first_content,
        idle=timeouts.idle or (LOCAL_IDLE if local else REMOTE_IDLE),
        total=timeouts.total,
    )
