"""The keys of providers: where each is from, and whether it works. None is ever shown."""

import shlex
from collections.abc import Iterator

from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.finding import Finding, fail, note, ok, warn
from pointsman.cli.doctor.look import PATIENCE
from pointsman.cli.show import count
from pointsman.discovery.keybook import IT_WORKS, Trial, Verdict
from pointsman.discovery.written import CONFIGURATION, Written

TOPIC = "keys"


def keys(case: Case) -> Iterator[Finding]:
    look = case.look
    if look.credentials_trouble:
        yield fail(TOPIC, look.credentials_trouble, "", f"mend {case.paths.credentials}")
    untried = _untried_elsewhere(case)
    if not look.keyed:
        yield note(
            TOPIC, "no provider has a key", "", case.by_daemon("pointsman keys lists who may have one")
        )
    for place in look.keyed:
        if place.passed_over:
            yield warn(TOPIC, place.passed_over, "", "set that variable anew, or take it away")
        if place not in untried:
            yield _key(place, look.trials.get(place.id), case)
    if untried:
        names = ", ".join(place.id for place in untried)
        yield note(TOPIC, f"{count(len(untried), 'key')} could not be tried", f"of {names}")


def _untried_elsewhere(case: Case) -> list[Written]:
    """Where nobody elsewhere answers."""
    if not case.cut_off:
        return []
    return [place for place in case.look.keyed if place.usable and not place.here]


def _key(place: Written, trial: Trial | None, case: Case) -> Finding:
    whose = f"the key of {place.id} from {place.origin}"
    if not place.usable:
        return fail(TOPIC, f"{place.id} is not asked", place.trouble, _another(place, case))
    if trial is None:
        return _untried(whose, place, case)
    if trial.verdict is Verdict.REFUSED:
        return fail(TOPIC, f"{whose} is refused", trial.words, _another(place, case))
    if trial.verdict is Verdict.UNCLEAR:
        return warn(TOPIC, f"{whose} could not be tried", trial.words, f"later: {_test(place, case)}")
    if trial.words != IT_WORKS:
        return warn(TOPIC, whose, trial.words, "add credit at its provider")
    return ok(TOPIC, f"{whose} works")


def _untried(whose: str, place: Written, case: Case) -> Finding:
    if not case.config.discovery.remote:
        return note(TOPIC, f"{whose} was not tried", "discovery.remote is off", _test(place, case))
    return warn(TOPIC, f"{whose} could not be tried", f"no answer within {PATIENCE:g} s", _test(place, case))


def _another(place: Written, case: Case) -> str:
    if place.origin == CONFIGURATION:
        return f"change api_key in [providers.{place.id}] of {case.settled.loaded.file}"
    return case.by_daemon(f"pointsman keys set {shlex.quote(place.id)}")


def _test(place: Written, case: Case) -> str:
    return case.by_daemon(f"pointsman keys test {shlex.quote(place.id)}")
