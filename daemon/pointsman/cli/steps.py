"""What a budget that is used up this far means."""

from collections.abc import Mapping
from types import MappingProxyType

from pointsman.steps import Step

MEANS: Mapping[Step, str] = MappingProxyType(
    {
        Step.NORMAL: "all models may be used that are allowed otherwise",
        Step.THRIFTY: "cheaper models are preferred, and the best are left to critical requests",
        Step.LEAN: "the best of the paid models are for critical requests alone",
        Step.RESERVE: "paid models are for critical requests alone",
        Step.FREE: "no paid model is used: free and local ones answer",
        Step.LOCAL: "nothing is used but what is on this machine",
    }
)
