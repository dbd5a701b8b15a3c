"""A decision in plain words, for `route` and `why`."""

from collections.abc import Iterator, Sequence

from pointsman.cli.show import Screen, count
from pointsman.cli.show import tier as shown_tier
from pointsman.ledger.views import CandidateView, ExcludedView, TaskView, WantedView


def wanted(wanted: WantedView) -> str:
    """`auto: Pointsman chooses`, or `fast, by the alias fast: mine/small`."""
    asked = wanted["asked"] or "auto"
    if wanted["chosen"]:
        return f"{asked}: Pointsman chooses"
    via = f", by {wanted['via']}" if wanted["via"] else ""
    missing = f"; not known now: {', '.join(wanted['missing'])}" if wanted["missing"] else ""
    return f"{asked}{via}: {', '.join(wanted['models']) or 'nothing'}{missing}"


def task(task: TaskView) -> str:
    """`needs routine, tools; prompt of about 120 tokens, offers 3 tools`."""
    unusual = (modality for modality in task["reads"] if modality != "text")
    needs = ", ".join((task["grade"], *task["needs"], *unusual))
    limit = "" if task["max_tokens"] is None else f"; at most {count(task['max_tokens'], 'token')} back"
    private = "" if task["privacy"] == "any" else f"; privacy {task['privacy']}"
    mode = "" if task.get("mode", "normal") == "normal" else f"; mode {task['mode']}"
    turn = "" if task.get("priority", "normal") == "normal" else f"; priority {task['priority']}"
    before = f"; answered before by {task['stays_with']}" if task.get("stays_with") else ""
    return f"needs {needs}; {', '.join(task['reasons'])}{limit}{private}{mode}{turn}{before}"


def reason(candidate: CandidateView) -> str:
    """`ladder:local (degraded), asked for 32,768 tokens of context`."""
    degraded = " (degraded)" if candidate["degraded"] else ""
    return f"{candidate['reason']}{degraded}{asked(candidate)}"


def tier(candidate: CandidateView) -> str:
    """`free · may train`; of a decision from before that was known, the tier alone."""
    return shown_tier(candidate["tier"], candidate.get("trains"))


def asked(candidate: CandidateView) -> str:
    """The context that its engine is asked for, where it is not taken as it is."""
    tokens = candidate.get("context")
    return f", asked for {count(tokens, 'token')} of context" if tokens else ""


def left_out(excluded: Sequence[ExcludedView]) -> str:
    """`3 by context, 1 by healthy`, in the order of the rules."""
    numbers: dict[str, int] = {}
    for group in excluded:
        numbers[group["rule"]] = numbers.get(group["rule"], 0) + _number(group)
    return ", ".join(f"{number} by {rule}" for rule, number in numbers.items()) or "nobody"


def show_left_out(excluded: Sequence[ExcludedView], screen: Screen, *, every: bool) -> None:
    """A line for each reason, or with `every` a row for each model."""
    if every:
        screen.table(("LEFT OUT", "RULE", "REASON"), _rows(excluded))
        return
    for group in excluded:
        who = group["models"][0] if _number(group) == 1 else count(_number(group), "model")
        screen.line(f"  {who}: {group['reason']} [{group['rule']}]", style="dim")


def _rows(excluded: Sequence[ExcludedView]) -> Iterator[tuple[str, ...]]:
    for group in excluded:
        for model in group["models"]:
            yield model, group["rule"], group["reason"]
        if more := group.get("more", 0):
            yield f"and {count(more)} more", group["rule"], group["reason"]


def _number(group: ExcludedView) -> int:
    return len(group["models"]) + group.get("more", 0)
