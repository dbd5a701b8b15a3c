import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.config.lines import KeyPath, dotted, key_lines, line_of

TRICKY = '''\
# a comment with [brackets] and a = b
top = 1

[ server . "deep one" ]  # spaces and a quoted part
'host' = "a # no comment"
text = """
[not.a.table]
not_a_key = 1 \\"""
"""""
raw = \'\'\'
also = "not"\'\'\'
list = [
  [1, 2],  # ]
  "]",
]
last = { a = 1, b = [ "}" ] }
[[many]]
name = 1
[[many]]
name = 2
[server]
dotted . key."x.y" = 5
esc"aped" = 1
'''.replace('esc"aped"', r'"esc\"aped\u00e9"')


def test_each_key_has_its_line_whatever_stands_around_it() -> None:
    tomllib.loads(TRICKY)  # the sample itself is TOML
    assert dict(key_lines(TRICKY)) == {
        ("top",): 2,
        ("server",): 4,
        ("server", "deep one"): 4,
        ("server", "deep one", "host"): 5,
        ("server", "deep one", "text"): 6,
        ("server", "deep one", "raw"): 10,
        ("server", "deep one", "list"): 12,
        ("server", "deep one", "last"): 16,
        ("many",): 17,
        ("many", "name"): 18,
        ("server", "dotted"): 22,
        ("server", "dotted", "key"): 22,
        ("server", "dotted", "key", "x.y"): 22,
        ("server", 'esc"apedé'): 23,
    }


def test_a_key_inside_a_value_has_the_line_of_the_value() -> None:
    lines = key_lines('[apps.x]\nbudget = { window = "day" }\n')
    assert line_of(("apps", "x", "budget", "window"), lines) == 2
    assert line_of(("apps", "x", "missing"), lines) == 1
    assert line_of(("elsewhere",), lines) is None


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_may_end_as_on_any_system(end: str) -> None:
    assert key_lines(f"a = 1{end}{end}[b]{end}c = '''{end}{end}'''{end}d = 1{end}")[("b", "d")] == 7


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "a = 1", "[a]", "= broken", "a = '"])
def test_no_text_is_too_short_or_too_broken(text: str) -> None:
    assert set(key_lines(text).values()) <= {1}


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (("server", "port"), "server.port"),
        (("prices", "mine/big", "input"), 'prices."mine/big".input'),
        (("models", 'a"b\\c'), r'models."a\"b\\c"'),
        (("models", ""), 'models.""'),
        (("models", "a\nb"), r'models."a\U0000000ab"'),
    ],
)
def test_a_path_is_written_as_toml_would(path: KeyPath, written: str) -> None:
    assert dotted(path) == written


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
scalars = st.sampled_from(
    [
        "1",
        "-2.5e3",
        "true",
        "1979-05-27T07:32:00Z",
        '"a [b] # c = \\" d"',
        "'C:\\[x]'",
        '"""one\n[two]\nthree = 3 \\""" ""four"""',
        "'''\n# five\n'six' ''seven'''",
        "[]",
        "[1, # two ]\n  [3], '[', \n]",
        "{}",
        '{ a = 1, "b c" = [ { d = "}" } ] }',
    ]
)
blank = st.sampled_from(["", "\n", "# [comment] a = 'b\n", "  \t\n\n"])
trees = st.dictionaries(
    names,
    st.recursive(
        scalars.map(lambda text: ("value", text)),
        lambda inner: st.dictionaries(names, inner, max_size=4).map(lambda table: ("table", table)),
        max_leaves=12,
    ),
    max_size=6,
)


@given(trees, st.data())
def test_the_line_of_every_key_is_found_in_any_document(tree: dict[str, Any], data: st.DataObject) -> None:
    expected: dict[KeyPath, int] = {}
    text = ""
    for path, written in _statements((), tree):
        text += data.draw(blank)
        expected[path] = text.count("\n") + 1
        text += f"{written}{data.draw(st.sampled_from(['', '  ', ' # end']))}\n"
    tomllib.loads(text)
    found = key_lines(text)
    assert {path: found[path] for path in expected} == expected


def _statements(path: KeyPath, tree: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """A table's own values first, then the tables in it, each under its full name."""
    for name, (kind, held) in tree.items():
        if kind == "value":
            yield (*path, name), f"{dotted((name,))} = {held}"
    for name, (kind, held) in tree.items():
        if kind == "table":
            yield (*path, name), f"[{dotted((*path, name))}]"
            yield from _statements((*path, name), held)
