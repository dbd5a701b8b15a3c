"""What a syntax tree shows: each function takes a file and yields the lines that break one house rule.

rules.py says which rule that is, where it holds and what to do instead.
"""

import ast
from collections.abc import Iterator

from tests.structure.repository import Source

LONGEST_FILE = 400
OURS = ("pointsman", "pointsman_tray")

MUTABLE_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MUTABLE_MAKERS = ("list", "dict", "set", "bytearray", "deque", "defaultdict", "Counter", "OrderedDict")
FREEZERS = ("MappingProxyType", "frozenset", "tuple")
PATCHERS = ("setattr", "delattr", "setitem", "delitem")


def lines_over_the_limit(source: Source) -> Iterator[int]:
    if source.text.count("\n") > LONGEST_FILE:
        yield LONGEST_FILE + 1


def more_than_a_docstring(source: Source) -> Iterator[int]:
    if source.name == "__init__.py":
        if ast.get_docstring(source.tree) is None:
            yield 1
        yield from (node.lineno for node in source.tree.body[1:])


def mutable_state(source: Source) -> Iterator[int]:
    for node in source.tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and is_mutable(node.value):
            yield node.lineno


def is_mutable(node: ast.expr | None) -> bool:
    """Whether a value can change later. What a freezer is given may be a display; what that holds may not."""
    if isinstance(node, MUTABLE_DISPLAYS) or called(node) in MUTABLE_MAKERS:
        return True
    if isinstance(node, ast.Call) and called(node) in FREEZERS:
        return any(is_mutable(held) for argument in node.args for held in inside(argument))
    return isinstance(node, ast.Tuple) and any(map(is_mutable, node.elts))


def called(node: ast.expr | None) -> str:
    """The last name of what a call calls: `deque` of `collections.deque()`; empty if it is no call."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
    return ""


def inside(node: ast.expr) -> Iterator[ast.expr]:
    """What a display, a tuple or a comprehension holds; of a mapping its values."""
    match node:
        case ast.List(elts=held) | ast.Set(elts=held) | ast.Tuple(elts=held) | ast.Dict(values=held):
            yield from held
        case (
            ast.ListComp(elt=one) | ast.SetComp(elt=one) | ast.GeneratorExp(elt=one) | ast.DictComp(value=one)
        ):
            yield one


def global_statements(source: Source) -> Iterator[int]:
    yield from (node.lineno for node in ast.walk(source.tree) if isinstance(node, ast.Global))


def branches_on_a_provider(source: Source) -> Iterator[int]:
    for node in ast.walk(source.tree):
        match node:
            case ast.Match(subject=subject) if names_a_provider(subject):
                yield node.lineno
            case ast.Compare(left=left, comparators=others):
                sides = (left, *others)
                if any(map(names_a_provider, sides)) and any(map(holds_text, sides)):
                    yield node.lineno


def names_a_provider(node: ast.expr) -> bool:
    """Whether an expression is a provider's id: `provider.id`, `endpoint.provider`, `provider_id`."""
    match node:
        case ast.Attribute(attr="id", value=ast.Name(id=owner) | ast.Attribute(attr=owner)):
            return owner.endswith("provider")
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in ("provider", "provider_id")
    return False


def holds_text(node: ast.expr) -> bool:
    parts = (node, *inside(node))
    return any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts)


def hidden_imports(source: Source) -> Iterator[int]:
    for function in ast.walk(source.tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from (node.lineno for node in imports(function) if brings_ours(node))


def imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    yield from (node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))


def imported(node: ast.Import | ast.ImportFrom) -> tuple[str, ...]:
    """`import a, b` brings `a` and `b`; `from a import b` brings `a.b`."""
    if isinstance(node, ast.Import):
        return tuple(alias.name for alias in node.names)
    return tuple(f"{node.module}.{alias.name}" for alias in node.names)


def brings_ours(node: ast.Import | ast.ImportFrom) -> bool:
    return any(name.split(".")[0] in OURS for name in imported(node))


def sleeps(source: Source) -> Iterator[int]:
    yield from (node.lineno for node in imports(source.tree) if "time.sleep" in imported(node))
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="sleep", value=ast.Name(id="time"))):
                yield node.lineno


def patches(source: Source) -> Iterator[int]:
    """Any use of unittest.mock, and monkeypatch turned on what was imported from our packages."""
    for statement in imports(source.tree):
        if any(name.startswith("unittest.mock") for name in imported(statement)):
            yield statement.lineno
    ours = own_names(source)
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=verb, value=ast.Name(id="monkeypatch")), args=[target, *_]):
                if verb in PATCHERS and root_name(target) in ours:
                    yield node.lineno


def own_names(source: Source) -> frozenset[str]:
    """What our packages are called in this file, and what is imported from them."""
    bound = (
        alias.asname or alias.name
        for node in imports(source.tree)
        if brings_ours(node)
        for alias in node.names
    )
    return frozenset(OURS) | {name.split(".")[0] for name in bound}


def root_name(node: ast.expr) -> str:
    """What `a.b.c` begins with, written as an expression or as a string."""
    while isinstance(node, ast.Attribute):
        node = node.value
    match node:
        case ast.Name(id=name):
            return name
        case ast.Constant(value=str(text)):
            return text.split(".")[0]
    return ""
