"""The models that are known: what they cost, how much they read, what they can do."""

import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator, Sequence

from pointsman.cli import arguments as shared
from pointsman.cli.client import DaemonRefused
from pointsman.cli.commands.discover import PATIENCE
from pointsman.cli.commands.urls import show_sources
from pointsman.cli.shell import Shell, WrongUsage
from pointsman.cli.show import ago, count, duration, size, tier
from pointsman.server.control.shapes import (
    AdvancedShape,
    DiscoveredShape,
    ModelShape,
    ModelsShape,
    PriceShape,
    UrlsShape,
)

HEADS = ("MODEL", "TIER", "STATE", "CONTEXT", "CAN", "READS", "$/M IN", "$/M OUT")
ADVANCED = (
    *("GRADE", "FROM", "SIZE", "QUANT", "PARAMETERS", "TOKENS/S", "AT ONCE", "COST", "RUNS AT"),
    *("PROVIDER", "FOUND BY", "SEEN", "NOTE"),
)
FILTERS = ("provider", "modality", "tier")
SENSELESS = 400  # the daemon's status for a value that means nothing


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--provider", metavar="ID", help="those of an endpoint, or of all of a provider's")
    parser.add_argument(
        "--modality",
        choices=("text", "image", "audio", "video", "file"),
        help="those that are known to read it",
    )
    parser.add_argument("--tier", choices=("local", "free", "paid", "unknown"), help="those of a tier")
    parser.add_argument(
        "--advanced",
        action="store_true",
        help="grade and its source, size, quantisation, speed, what it costs in a word, where it runs and "
        "how it was found",
    )
    parser.add_argument("--refresh", action="store_true", help="ask for all lists again first")
    parser.add_argument(
        "--sources", action="store_true", help="tell where lists are had and when they were last, no models"
    )
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    if args.refresh:
        _refresh(args, shell)
    if args.sources:
        return _sources(args, shell)
    answer = _ask(args, shell)
    if args.json:
        shell.screen.json(answer)
    elif answer["models"]:
        heads = HEADS + ADVANCED if args.advanced else HEADS
        now = time.time()
        shell.screen.table(heads, (_row(model, now) for model in answer["models"]))
        for line in _unused(answer["models"]):
            shell.screen.line(line, style="dim")
    else:
        shell.screen.note(_nothing(args))
    return 0


def _refresh(args: Namespace, shell: Shell) -> None:
    """Says which lists could not be had; what was known of their models stands."""
    client = shell.client(args)
    looked: DiscoveredShape = client.post("/discover", patience=PATIENCE)
    sources: UrlsShape = client.get("/urls")
    for one in filter(lambda source: source["error"], sources["urls"]):
        shell.screen.note(f"{one['name']} was not refreshed: {one['error']}")
    for job in looked["failed"]:
        shell.screen.note(f"{job['name']} failed: {job['error']}")


def _sources(args: Namespace, shell: Shell) -> int:
    answer: UrlsShape = shell.client(args).get("/urls")
    if args.json:
        shell.screen.json(answer)
    else:
        show_sources(answer["urls"], shell.screen)
    return 0


def _ask(args: Namespace, shell: Shell) -> ModelsShape:
    query: dict[str, str | int] = {name: value for name in FILTERS if (value := getattr(args, name))}
    try:
        answer: ModelsShape = shell.client(args).get(
            "/models", **query, **({"advanced": 1} if args.advanced else {})
        )
    except DaemonRefused as refusal:
        if refusal.http_status == SENSELESS:
            raise WrongUsage(str(refusal)) from None
        raise
    return answer


def _nothing(args: Namespace) -> str:
    if any(getattr(args, name) for name in FILTERS):
        return "no model that is known fits"
    return "no model is known; pointsman status says what was looked for"


def _unused(models: Sequence[ModelShape]) -> Iterator[str]:
    """Why those that are there and whole are not used, each reason once."""
    reasons = Counter(model["note"] for model in models if _is_barred(model))
    for reason, number in reasons.items():
        yield f"{count(number, 'model')} not used: {reason}"


def _is_barred(model: ModelShape) -> bool:
    return model["health"] == "up" and model["state"] != "failed" and bool(model["note"])


def _row(model: ModelShape, now: float) -> tuple[str, ...]:
    able = " ".join(ability for ability, has in model["abilities"].items() if has)
    reads = "?" if model["modalities"] is None else " ".join(model["modalities"])
    basic = (model["id"], tier(model["tier"], model["trains"]), _state(model), _context(model), able, reads)
    more = _advanced(model, model["advanced"], now) if model["advanced"] else ()
    return (*basic, *_prices(model["price"]), *more)


def _state(model: ModelShape) -> str:
    """With what a request would wait for it. A model is no better than the place it lives in."""
    if model["health"] == "sign-in":
        return "needs sign-in"
    if model["health"] != "up":
        return f"{model['state']}, {model['health']}"
    if _is_barred(model):
        return "not used"
    return f"{model['state']}, about {duration(wait)}" if (wait := model["wait"]) else model["state"]


def _context(model: ModelShape) -> str:
    """What is in force, and what a request may have it set to."""
    most = model["context_most"]
    if most is None or most == model["context"]:
        return count(model["context"])
    return f"{count(model['context'])} (up to {most:,})"


def _prices(price: PriceShape | None) -> tuple[str, str]:
    return ("?", "?") if price is None else (price["input"] or "?", price["output"] or "?")


def _advanced(model: ModelShape, more: AdvancedShape, now: float) -> Iterator[str]:
    parameters, speed, seen = more["parameters"], more["speed"], more["seen_at"]
    yield from (more["grade"], more["source"], size(more["size_bytes"]), more["quantisation"])
    yield "" if parameters is None else f"{parameters / 1e9:.1f} B"
    yield "" if speed is None else f"{speed:.1f}"
    yield "" if more["slots"] is None else count(more["slots"])
    yield ", ".join(filter(None, (more["cost"], more["price_source"]))) or "?"
    yield from (model["runs_at"], more["provider"], more["found_by"])
    yield "" if seen is None else ago(max(0.0, now - seen))
    yield model["note"]
