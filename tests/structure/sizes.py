"""How large our files and functions are: reported by `make check`, not asserted.

The aim is a median function of about ten lines. A number that must not be passed would be met by
cutting functions where it suits the number.
"""

import ast
from collections.abc import Sequence
from statistics import median, quantiles

from tests.structure.repository import Source, sources


def functions(source: Source) -> list[int]:
    """The lines of each function, nested ones included, without decorators."""
    return [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(source.tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]


def line(what: str, sizes: Sequence[int]) -> str:
    most = quantiles(sizes, n=10)[-1]
    return (
        f"{len(sizes):>6} {what}: median {median(sizes):g} lines, 90 % up to {most:.0f}, longest {max(sizes)}"
    )


def main() -> None:
    for name, folders in (("packages", ("daemon", "tray")), ("tests", ("tests",))):
        found = list(sources(*folders))
        print(line(f"files of the {name}", [source.text.count("\n") for source in found]))
        print(line(f"functions of the {name}", [size for source in found for size in functions(source)]))


if __name__ == "__main__":
    main()
