"""Every file keeps the house rules of rules.py, and every rule can fail."""

import pytest

from tests.structure import sizes
from tests.structure.repository import Source, sources
from tests.structure.rules import EVERYWHERE, RULES, Rule

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


@pytest.fixture(scope="module")
def everything() -> tuple[Source, ...]:
    """All that is ours, parsed once for all rules."""
    return tuple(sources(*EVERYWHERE))


@each_rule
def test_every_file_keeps_the_rule(rule: Rule, everything: tuple[Source, ...]) -> None:
    bound = [source for source in everything if rule.binds(source)]
    complaints = [complaint for source in bound for complaint in rule.complaints(source)]
    assert bound, "no file was looked at: mend the rule's folders"
    assert not complaints, "\n" + "\n".join(complaints)


@each_rule
def test_a_file_that_breaks_the_rule_is_found(rule: Rule) -> None:
    assert sorted(rule.find(Source(rule.sample, rule.bad))) == list(rule.bad_lines)


@each_rule
def test_a_file_that_keeps_the_rule_passes(rule: Rule) -> None:
    assert not rule.complaints(Source(rule.sample, rule.good))


def test_a_function_is_measured_from_its_def_to_its_last_line() -> None:
    source = Source("sample.py", "@decorated\ndef f():\n    a = 1\n    return a\n\n\nasync def g(): ...\n")
    assert sizes.functions(source) == [3, 1]
