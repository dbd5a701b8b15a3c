"""The network: where nobody elsewhere answers, it is told once, and not of each provider."""

from collections.abc import Iterator

from pointsman.cli.doctor.case import Case
from pointsman.cli.doctor.finding import Finding, warn

TOPIC = "network"
TO_DO = (
    "look at the connection, the clock (date), and the proxy if HTTPS_PROXY names one; then: pointsman doctor"
)


def network(case: Case) -> Iterator[Finding]:
    if case.cut_off:
        names = ", ".join(place.id for place in case.look.elsewhere)
        why = "no list of models can be had, and no key be tried"
        yield warn(TOPIC, f"nobody elsewhere answers, none of {names}", why, TO_DO)
