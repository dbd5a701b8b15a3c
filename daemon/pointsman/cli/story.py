"""A past request in six lines: what was asked, chosen and tried, and what it cost."""

from collections.abc import Iterator

from pointsman.cli import decision as words
from pointsman.cli.show import count, duration, money
from pointsman.ledger.views import CandidateView
from pointsman.server.control.shapes import AttemptShape, RequestLineShape, RequestShape


def six_lines(record: RequestShape, when: str) -> Iterator[str]:
    """`when`: in words, when it came in."""
    request, decision = record["request"], record["decision"]
    yield f"Asked:    {_asked(request, when)}"
    yield f"Task:     {words.task(decision['task']) if decision else 'refused before it was looked at'}"
    yield f"Answered: {_answered(request, _chosen(record))}"
    yield f"Attempts: {'; '.join(map(_attempt, record['attempts'])) or 'none'}"
    yield f"Left out: {words.left_out(decision['excluded']) if decision else 'nobody'}"
    spending = decision.get("spending") if decision else ""
    yield f"Cost:     {'; '.join(filter(None, (_cost(request, record['attempts']), spending)))}"


def _asked(request: RequestLineShape, when: str) -> str:
    who, name = request["app"] or "somebody", request["asked"] or "auto"
    how = "as a stream" if request["stream"] else "whole"
    return f"{when} {who} asked for {name} {how} ({request['format']}, {request['id']})"


def _is_under_way(request: RequestLineShape) -> bool:
    """What a crash has ended has an error, and no status either."""
    return not (request["status"] or request["error"])


def _chosen(record: RequestShape) -> CandidateView | None:
    """The candidate that answered."""
    candidates = record["decision"]["candidates"] if record["decision"] else []
    return next((one for one in candidates if one["model"] == record["request"]["model"]), None)


def _answered(request: RequestLineShape, chosen: CandidateView | None) -> str:
    took = duration(request["seconds"])
    if _is_under_way(request):
        return "not yet: it is under way"
    if not request["status"]:
        return f"by nobody: {request['error']}"
    if not request["model"]:
        return f"by nobody, status {request['status']} after {took}: {request['error']}"
    trouble = f"; {request['error']}" if request["error"] else ""
    context = words.asked(chosen) if chosen else ""
    why = f"because {request['reason']}{context}"
    return f"by {request['model']} ({request['tier']}), {why}, in {took}{trouble}"


def _attempt(attempt: AttemptShape) -> str:
    """`llama-server/qwen ok, first word after 0.4 s, 3.2 s`."""
    said = attempt["error"] or (f"status {attempt['status']}" if attempt["status"] else "")
    first, ended = attempt["first_content"], attempt["ended"]
    parts = [
        f"{attempt['model']} {attempt['outcome']}",
        said if attempt["outcome"] != "ok" else "",
        "" if first is None else f"first content after {duration(first - attempt['started'])}",
        "not ended" if ended is None else duration(ended - attempt["started"]),
    ]
    return ", ".join(filter(None, parts))


def _cost(request: RequestLineShape, attempts: list[AttemptShape]) -> str:
    if not attempts:
        return "nothing was asked of a model"
    if _is_under_way(request):
        return _so_far(attempts)
    estimated = ", estimated" if any(attempt["estimated"] for attempt in attempts) else ""
    tokens = f"{count(request['input_tokens'], 'token')} in, {count(request['output_tokens'])} out"
    return f"{money(request['cost'])} ({tokens}{estimated}){_told(attempts)}{_above(attempts)}"


def _so_far(attempts: list[AttemptShape]) -> str:
    """What of it is open costs no more than what is set aside for it."""
    amounts = [one["reserved"] if one["outcome"] == "open" else one["cost"] for one in attempts]
    known = [amount for amount in amounts if amount is not None]
    at_most = sum(known) if len(known) == len(amounts) else None
    return "$0" if at_most == 0 else f"not known yet, at most {money(at_most)}"


def _above(attempts: list[AttemptShape]) -> str:
    """By how much it came to more than was set aside for it."""
    above = sum(max(0, (one["cost"] or 0) - one["reserved"]) for one in attempts if one["reserved"])
    return f", {money(above)} more than was set aside" if above else ""


def _told(attempts: list[AttemptShape]) -> str:
    """Where a provider's own word is what counts."""
    told = [one for one in attempts if one["told"]]
    priced = [one["priced"] for one in told if one["priced"] is not None]
    if not told:
        return ""
    return f", as its provider told; by its prices {money(sum(priced) if len(priced) == len(told) else None)}"
