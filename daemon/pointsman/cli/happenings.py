"""What happened, in a sentence each. What another version of the daemon does not say is left empty."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pointsman.cli.client import Event
from pointsman.cli.show import count, duration, per_cent
from pointsman.cli.steps import MEANS
from pointsman.steps import Step

NAMELESS = "unknown"  # what the daemon calls a program that did not say its name


def sentence(event: Event) -> str:
    """Empty: nothing that a person has to be told in words."""
    say = SENTENCES.get(event.kind)
    return say(event.data) if say else ""


def _found(data: Mapping[str, Any]) -> str:
    return f"{data.get('id')} was found at {data.get('place')}, tier {data.get('tier')}"


def _back(data: Mapping[str, Any]) -> str:
    return f"{data.get('id')} is back at {data.get('place')}"


def _away(data: Mapping[str, Any]) -> str:
    return f"{data.get('id')} is away: {data.get('note') or 'it no longer answers'}"


def _shut(data: Mapping[str, Any]) -> str:
    return f"{data.get('id')} is left alone for {duration(data.get('seconds', 0.0))}: {data.get('reason')}"


def _open(data: Mapping[str, Any]) -> str:
    return f"{data.get('id')} may be asked again"


def _left(data: Mapping[str, Any]) -> str:
    return f"prompts of {_program(data)} leave this machine for the first time, for {data.get('to')}"


def _paid(data: Mapping[str, Any]) -> str:
    who, model = _program(data), data.get("model")
    return f"money is spent for the first time: {who} asks {model}; pointsman spend tells what it came to"


def _program(data: Mapping[str, Any]) -> str:
    return "a program that gave no name" if data.get("app") == NAMELESS else str(data.get("app"))


def _step(data: Mapping[str, Any]) -> str:
    step, share = str(data.get("step")), per_cent(data.get("share", 0.0))
    means = f": {MEANS[Step(step)]}" if step in list(Step) else ""
    return f"budget {data.get('budget')} is used up to {share}, step {step}{means}"


def _fallback(data: Mapping[str, Any]) -> str:
    return f"{data.get('to')} answered in the place of {data.get('of')}: {data.get('reason')}"


def _mode(data: Mapping[str, Any]) -> str:
    return f"the mode is {data.get('mode')}; it was {data.get('was')}"


def _lost(data: Mapping[str, Any]) -> str:
    return f"{count(data.get('count'), 'line')} missed: more happened than this terminal could take"


SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = MappingProxyType(
    {
        "endpoint.found": _found,
        "endpoint.back": _back,
        "endpoint.away": _away,
        "limit.shut": _shut,
        "limit.open": _open,
        "privacy.left": _left,
        "paid.first": _paid,
        "budget.step": _step,
        "fallback": _fallback,
        "mode.changed": _mode,
        "lost": _lost,
    }
)
