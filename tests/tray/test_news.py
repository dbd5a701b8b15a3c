"""What is told without having been asked for: each outage once, and what happens for the first time."""

from dataclasses import dataclass, field
from typing import Any

from pointsman.cli.client import Event
from pointsman.steps import Step
from pointsman.watch.border import UNKNOWN
from pointsman_tray.news import QUIET, STEPS, News, Notice
from tests.tray.samples import budget, endpoint, status


@dataclass
class Desk:
    now: float = 0.0
    news: News = field(init=False)

    def __post_init__(self) -> None:
        self.news = News(lambda: self.now)
        self.news.know(status())

    def tell(self, kind: str, **data: Any) -> Notice | None:
        return self.news.of(Event(kind, data))

    def fall_back(self, of: str = "far/big", to: str = "near/small") -> Notice | None:
        return self.tell("fallback", of=of, to=to, reason="it does not answer")


def test_an_outage_is_told_once_however_many_requests_meet_it() -> None:
    desk = Desk()
    first = desk.fall_back()
    assert first == Notice(
        "far did not answer", "near/small answered in the place of far/big: it does not answer"
    )
    assert [desk.fall_back() for _ in range(50)] == [None] * 50
    assert desk.fall_back(of="far/small") is None, "it is the same provider"


def test_the_next_outage_is_told_again() -> None:
    desk = Desk()
    desk.fall_back()
    desk.tell("request.done", model="far/big")
    desk.now += QUIET
    assert desk.fall_back() is not None


def test_who_comes_and_goes_is_no_stream_of_notices() -> None:
    desk = Desk()
    told = []
    for _ in range(1_000):
        told.append(desk.fall_back())
        desk.tell("request.done", model="far/big")
        desk.now += 1.0
    assert sum(one is not None for one in told) == 2, "a thousand seconds hold two of them"


def test_the_outages_of_two_providers_are_two() -> None:
    desk = Desk()
    assert desk.fall_back(of="far/big")
    assert desk.fall_back(of="other/big")


def test_another_model_of_the_same_provider_is_no_outage() -> None:
    assert Desk().fall_back(of="far/big", to="far/small") is None


def test_money_and_prompts_that_leave_are_told_in_the_daemons_words() -> None:
    desk = Desk()
    paid = desk.tell("paid.first", app="aider", model="far/big")
    left = desk.tell("privacy.left", app="aider", to="far", model="far/big")
    assert paid is not None
    assert paid.text.startswith("money is spent for the first time: aider asks far/big")
    assert left is not None
    assert left.text == "prompts of aider leave this machine for the first time, for far"


def test_a_program_that_gave_no_name_is_called_that() -> None:
    desk = Desk()
    left = desk.tell("privacy.left", app=UNKNOWN, to="far", model="far/big")
    assert left is not None
    assert left.text.startswith("prompts of a program that gave no name leave this machine")
    paid = desk.tell("paid.first", app=UNKNOWN, model="far/big")
    assert paid is not None
    assert "a program that gave no name asks far/big" in paid.text


def test_a_budget_is_told_of_when_it_holds_back_more_and_not_when_a_new_day_begins() -> None:
    desk = Desk()
    step = {"budget": "day", "share": 0.9}
    assert desk.tell("budget.step", step="thrifty", **step)
    assert desk.tell("budget.step", step="lean", **step)
    assert desk.tell("budget.step", step="normal", **step) is None
    assert desk.tell("budget.step", step="thrifty", **step)


def test_a_step_that_was_there_before_the_tray_is_no_news() -> None:
    desk = Desk()
    desk.news.know(status(budgets=[budget(step="lean")]))
    assert desk.tell("budget.step", budget="day", share=0.8, step="thrifty") is None
    assert desk.tell("budget.step", budget="day", share=0.9, step="lean")


def test_the_steps_are_those_of_budgets() -> None:
    assert list(STEPS) == list(map(str, Step))


def test_an_engine_that_was_started_is_told_once() -> None:
    desk = Desk()
    found = {"id": "ollama", "place": "http://127.0.0.1:11434", "tier": "local"}
    assert desk.tell("endpoint.found", **found) == Notice(
        "A new engine", "ollama was found at http://127.0.0.1:11434, tier local"
    )
    assert desk.tell("endpoint.found", **found) is None


def test_what_a_daemon_finds_as_it_starts_is_not_new() -> None:
    desk = Desk()
    desk.news.begin()
    desk.news.know(status(swept_ago=None))
    assert desk.tell("endpoint.found", id="ollama", tier="local") is None
    desk.news.know(status(endpoints=[endpoint(id="ollama")]))
    assert desk.tell("endpoint.found", id="ollama", tier="local") is None
    assert desk.tell("endpoint.found", id="vllm", tier="local")


def test_a_cloud_is_no_engine() -> None:
    assert Desk().tell("endpoint.found", id="openrouter", tier="free") is None


def test_everything_else_is_not_told() -> None:
    assert Desk().tell("sweep.done") is None
