"""The models that are known: what they cost, how much they read, what they can do."""

from argparse import ArgumentParser, Namespace

from pointsman.cli import arguments as shared
from pointsman.cli.shell import Shell
from pointsman.cli.show import count, size
from pointsman.server.control.shapes import GradeShape, ModelShape, ModelsShape, PriceShape

HEADS = ("MODEL", "TIER", "STATE", "CONTEXT", "CAN", "READS", "$/M IN", "$/M OUT")
ADVANCED = ("GRADE", "FROM", "SIZE", "QUANT", "PARAMETERS")


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--advanced", action="store_true", help="grade and its source, size, quantisation")
    shared.where(parser)
    shared.as_json(parser)


def run(args: Namespace, shell: Shell) -> int:
    query = {"advanced": 1} if args.advanced else {}
    answer: ModelsShape = shell.client(args).get("/models", **query)
    if args.json:
        shell.screen.json(answer)
    elif answer["models"]:
        heads = HEADS + ADVANCED if args.advanced else HEADS
        shell.screen.table(heads, map(_row, answer["models"]))
    else:
        shell.screen.note("no model is known; pointsman status says what was looked for")
    return 0


def _row(model: ModelShape) -> tuple[str, ...]:
    able = " ".join(ability for ability, has in model["abilities"].items() if has)
    reads = "?" if model["modalities"] is None else " ".join(model["modalities"])
    basic = (model["id"], model["tier"], _state(model), count(model["context"]), able, reads)
    return (*basic, *_prices(model["price"]), *(_advanced(model["advanced"]) if model["advanced"] else ()))


def _state(model: ModelShape) -> str:
    """A model is no better than the place it lives in."""
    return model["state"] if model["health"] == "up" else f"{model['state']}, {model['health']}"


def _prices(price: PriceShape | None) -> tuple[str, str]:
    return ("?", "?") if price is None else (price["input"] or "?", price["output"] or "?")


def _advanced(more: GradeShape) -> tuple[str, ...]:
    parameters = more["parameters"]
    known = "" if parameters is None else f"{parameters / 1e9:.1f} B"
    return (more["grade"], more["source"], size(more["size_bytes"]), more["quantisation"], known)
