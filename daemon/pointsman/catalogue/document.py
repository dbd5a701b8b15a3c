"""Writes `docs/engines.md` from the rows: `python -m pointsman.catalogue.document > docs/engines.md`."""

import sys
from collections.abc import Iterable

from pointsman.catalogue.providers import PROVIDERS
from pointsman.catalogue.row import Mark, Provider
from pointsman.types import tier_word

HEAD = """\
# Engines

<!-- Rendered by `python -m pointsman.catalogue.document` from the rows in catalogue/providers.py. -->

Engines on this machine are found without configuration: at their usual ports, at the address that their
environment variable names, and wherever a process of theirs listens, on TCP or on a Unix socket. Who
answers there is told by marks that no other server gives, never by the port. Looking loads, wakes and
unloads nothing.

An endpoint is called after its engine (`ollama`), after engine and port where the port is another than
the first usual one (`llama-server-9931`), or after its Unix socket (`/run/qwen.sock` is `qwen`).

What listens on this machine need not run on it. A server that no row knows, that is known to pass prompts
on, or that is reached through a tunnel of one's own (`ssh -L` and its like, known by their processes), is
shown as *tier unknown* and not used until the configuration names its tier:

```toml
[providers.mine]
api_base = "http://127.0.0.1:4000/v1"
tier = "local"                              # or free, or paid
```

A model that an engine merely passes on (Ollama's cloud models, llama-swap's peers) is not local either:
it counts as paid. What an engine does not tell cannot be seen: LM Studio lists the models of other devices
(LM Link) as its own, and a tunnel may belong to another user. Where that matters, name the place and its tier
as above.
"""
WHERE = "## Where they are looked for"
HOW = """\
## How they are known

A mark is a page that only this engine answers so. An engine without one is known by its process or by the
configuration.
"""
MORE = """\
## What helps

Pointsman reads the context *in force*, not the one a model was trained with. Where a prompt does not fit, the
refusal names the setting. Ollama cuts a longer prompt without a word; of it Pointsman asks for a larger
context itself, in Ollama's own dialect, up to what the model was trained with.
"""


def render() -> str:
    engines = [row for row in PROVIDERS if not row.base_url]
    where = _table(("engine", "tier", "ports", "environment", "processes"), map(_where, engines))
    how = _table(("engine", "marks"), ((_linked(row), _marks(row)) for row in engines))
    helps = ((row.title, _code(row.context_setting), _code(row.tools_setting)) for row in engines)
    more = _table(("engine", "for a larger context", "for tools"), (row for row in helps if any(row[1:])))
    return "\n".join((HEAD, WHERE, "", where, HOW, how, MORE, more))


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (heads, ("---",) * len(heads), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _where(row: Provider) -> tuple[str, ...]:
    ports = ", ".join(map(str, row.ports))
    variables = map(_code, (*row.host_env, *row.port_env))
    return row.title, tier_word(row.tier), ports, ", ".join(variables), ", ".join(map(_code, row.programs))


def _linked(row: Provider) -> str:
    return f"[{row.title}]({row.docs_url})"


def _marks(row: Provider) -> str:
    return "; ".join(map(_mark, row.marks)) or "none of its own"


def _mark(mark: Mark) -> str:
    if mark.header:
        said = f"the header {_code(f'{mark.header}: {mark.value}')}"
    elif mark.text:
        said = f"the text {_code(mark.text)}"
    else:
        said = f"the field {_code(mark.key)}" + (f", {_code(mark.value)}" if mark.value else "")
    owner = f", if its models are owned by {_code(mark.owner)}" if mark.owner else ""
    return f"{_code(f'GET {mark.path}')}: {said}{owner}"


def _code(text: str) -> str:
    return f"`{text.replace('{}', 'TOKENS')}`" if text else ""


if __name__ == "__main__":
    sys.stdout.write(render())
