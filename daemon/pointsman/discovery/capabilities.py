"""What Anthropic's list says that a model can do. Pure.

Shapes: https://platform.claude.com/docs/en/api/models/list, and types/model_capabilities.py of Anthropic's
own Python client.
"""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from types import MappingProxyType

from pointsman.discovery.fields import inner
from pointsman.types import Ability, Modality

_ABILITIES = MappingProxyType({"structured_outputs": Ability.JSON, "thinking": Ability.THINKING})
_READS = MappingProxyType({"image_input": Modality.IMAGE, "pdf_input": Modality.FILE})


def read_capabilities(entry: Mapping[str, object]) -> tuple[Ability, Ability, Modality | None]:
    """What a model has, what it lacks and what it reads; where it says nothing of it, nothing is known."""
    told = inner(entry, "capabilities")
    said = {name: inner(told, name).get("supported") for name in (*_ABILITIES, *_READS)}
    has, lacks = (
        reduce(or_, (flag for name, flag in _ABILITIES.items() if said[name] is sought), Ability.NONE)
        for sought in (True, False)
    )
    reads = reduce(or_, (flag for name, flag in _READS.items() if said[name] is True), Modality.TEXT)
    return has, lacks, reads if any(isinstance(said[name], bool) for name in _READS) else None
