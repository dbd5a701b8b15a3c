"""How what is set of choosing is told, by all the commands that set some of it."""

from collections.abc import Mapping
from types import MappingProxyType

SET_BY: Mapping[str, str] = MappingProxyType(
    {"built-in": "built in", "configuration": "the configuration", "command": "a command"}
)


def meant(means: str) -> str:
    """What a name stands for now."""
    return means or "nothing that is served now"
