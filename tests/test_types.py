from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pointsman.types import Excluded
from tests.fakes.records import decision

few = st.sampled_from("abc")


@given(st.lists(st.builds(Excluded, st.text(max_size=3), few, few), max_size=12))
def test_grouping_loses_nobody_and_keeps_the_order(excluded: list[Excluded]) -> None:
    groups = replace(decision(), excluded=tuple(excluded)).left_out()
    again = [Excluded(name, rule, reason) for rule, reason, names in groups for name in names]
    first_seen = list(dict.fromkeys((one.rule, one.reason) for one in excluded))
    assert [(rule, reason) for rule, reason, _ in groups] == first_seen
    assert again == sorted(excluded, key=lambda one: first_seen.index((one.rule, one.reason)))
