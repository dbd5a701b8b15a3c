"""Any finished request that the types allow and SQLite can hold."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from pointsman.calls import Attempt, Candidate, Decision, Excluded, Outcome, Task, Wanted
from pointsman.ledger.record import RequestRecord
from pointsman.modes import Privacy
from pointsman.money import Usage
from pointsman.types import Ability, Grade, Modality
from tests.fakes.records import MODEL

texts = st.text(max_size=20)
names = st.lists(texts, max_size=3).map(tuple)
seconds = st.floats(allow_nan=False)
counts = st.integers(0, 10**15)
days = st.integers(1, 3_000_000)

usages = st.builds(
    Usage,
    input=counts,
    output=counts,
    cache_read=counts,
    cache_write=counts,
    cache_write_hour=counts,
    reasoning=counts,
    estimated=st.booleans(),
)

attempts: SearchStrategy[Attempt] = st.builds(
    Attempt,
    model=texts,
    endpoint=texts,
    tier=texts,
    started=seconds,
    outcome=st.sampled_from(Outcome),
    status=st.none() | counts,
    error=texts,
    first_content=st.none() | seconds,
    ended=st.none() | seconds,
    usage=st.none() | usages,
    cost=st.none() | counts,
    priced=st.none() | counts,
    is_told=st.booleans(),
    reserved=st.none() | counts,
    provider=texts,
    at=seconds,
    day=days,
)

tasks = st.builds(
    Task,
    grade=st.sampled_from(Grade),
    needs=st.sampled_from(Ability),
    reads=st.sampled_from(Modality),
    prompt_tokens=counts,
    max_tokens=st.none() | counts,
    privacy=st.sampled_from(Privacy),
    reasons=names,
)

decisions: SearchStrategy[Decision] = st.builds(
    Decision,
    id=texts,
    wanted=st.builds(
        Wanted, asked=texts, chosen=st.booleans(), models=names, via=texts, missing=names, role=texts
    ),
    task=tasks,
    candidates=st.lists(st.builds(Candidate, st.just(MODEL), texts, st.booleans()), max_size=2).map(tuple),
    excluded=st.lists(st.builds(Excluded, texts, texts, names), max_size=4).map(tuple),
)

records: SearchStrategy[RequestRecord] = st.builds(
    RequestRecord,
    id=texts,
    at=seconds,
    app=texts,
    format=texts,
    asked=texts,
    stream=st.booleans(),
    status=counts,
    answered_by=texts,
    tier=texts,
    reason=texts,
    error=texts,
    seconds=seconds,
    decision=st.none() | decisions,
    attempts=st.lists(attempts, max_size=3).map(tuple),
    day=days,
    kind=texts,
    role=texts,
    user=texts,
)


def unique_records(most: int) -> SearchStrategy[list[RequestRecord]]:
    """Records of different ids and of different decisions."""
    return st.lists(
        records,
        max_size=most,
        unique_by=(
            lambda each: each.id,
            lambda each: each.decision.id if each.decision else f"none of {each.id}",
        ),
    )
