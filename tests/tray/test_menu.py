"""What is seen of the daemon: the icon's kind, the title, the menu."""

import time
from collections.abc import Iterator, Sequence

import pytest

from pointsman.modes import Mode
from pointsman.types import Tier
from pointsman_tray.menu import MODES, QUIT, SEPARATOR, TIERS, Change, Item, Kind, away, view
from tests.tray.samples import PROFILES, budget, endpoint, glance, last, status

NOON = time.mktime((2026, 3, 9, 12, 5, 0, 0, 0, -1))


def labels(items: Sequence[Item]) -> list[str]:
    return [item.label for item in items]


def under(items: Sequence[Item], label: str) -> tuple[Item, ...]:
    return next(item.items for item in items if item.label.startswith(label))


def flattened(items: Sequence[Item]) -> Iterator[Item]:
    for item in items:
        yield item
        yield from flattened(item.items)


@pytest.mark.parametrize("tier", TIERS)
def test_the_icon_tells_whose_the_last_answer_was(tier: str) -> None:
    assert view(glance(last=last(tier=tier))).kind == tier


def test_every_tier_and_every_mode_has_its_word() -> None:
    assert set(TIERS) == {tier.word for tier in Tier}
    assert list(MODES) == list(map(str, Mode))


def test_without_an_answer_the_icon_tells_nothing() -> None:
    assert view(glance(last=None)).kind is Kind.IDLE
    assert view(glance(last=last(model="", tier=""))).kind is Kind.IDLE


def test_paused_is_seen_whoever_answered_last() -> None:
    seen = view(glance(status=status("paused")))
    assert seen.kind is Kind.PAUSED
    assert seen.title.endswith(", paused")


def test_the_title_has_the_model_and_what_was_spent_of_the_budget() -> None:
    seen = view(glance(status=status(budgets=[budget()]), last=last(model="mine/big", tier="paid")))
    assert seen.title == "Pointsman: mine/big (paid), $0.42 of $1.00 today"


def test_the_same_words_stand_in_the_title_and_in_the_menu() -> None:
    seen = view(glance(status=status(budgets=[budget()])))
    assert "$0.42 of $1.00 today" in labels(seen.items)


def test_the_tightest_budget_of_the_day_is_the_one_that_is_shown() -> None:
    wide = budget("wide", limit=9_000_000_000, left=8_580_000_000)
    seen = view(glance(status=status(budgets=[wide, budget()])))
    assert "$0.42 of $1.00 today" in seen.title
    assert not [label for label in labels(seen.items) if "wide" in label]


def test_without_a_budget_for_the_day_it_is_the_sum_and_other_budgets_stand_below() -> None:
    monthly = budget("month", window="month", limit=12_000_000_000, spent=10_000_000_000, step="thrifty")
    spent = {"paid": {**status()["today"]["local"], "cost": 1_500_000_000, "unpriced": 2}}
    seen = view(glance(status=status(budgets=[monthly], today=spent)))
    assert labels(seen.items)[1:3] == [
        "$1.50 and 2 attempts of unknown cost today",
        "Budget month: $10.00 of $12.00, thrifty",
    ]


def test_a_budget_without_a_limit_limits_nothing_and_is_not_shown() -> None:
    seen = view(glance(status=status(budgets=[budget(limit=None, left=None)])))
    assert seen.title.endswith("$0 today")
    assert not [label for label in labels(seen.items) if label.startswith("Budget")]


def test_the_first_line_says_who_asked_and_when() -> None:
    request = last(app="aider", at=NOON)
    assert labels(view(glance(last=request)).items)[0].endswith("for aider on 9 Mar at 12:05")
    assert "(local), for an unknown program on" in view(glance(last=last(app=""))).items[0].label


def test_what_was_asked_today_is_told_by_the_clock_alone() -> None:
    at = time.time()
    seen = view(glance(last=last(at=at))).items[0].label
    assert seen.endswith(time.strftime(" at %H:%M", time.localtime(at)))
    assert " on " not in seen


def test_a_request_that_nobody_answered_is_told_as_such() -> None:
    assert "nobody answered" in view(glance(last=last(model="", tier="", status=503))).title


def test_why_the_last_one_shows_its_six_lines() -> None:
    lines = labels(under(view(glance()).items, "Why the last one?"))
    heads = [line.partition(":")[0] for line in lines if not line.startswith("    ")]
    assert heads == ["Asked", "Task", "Answered", "Attempts", "Left out", "Cost"]
    assert max(map(len, lines)) <= 72
    assert "  " not in "".join(line.strip() for line in lines), "columns are for terminals"


def test_without_a_request_there_is_no_why() -> None:
    seen = view(glance(last=None))
    assert "Why the last one?" not in labels(seen.items)
    assert labels(seen.items)[0] == "No request yet"


def test_each_tier_has_a_line_with_its_places_and_how_they_are() -> None:
    places = [endpoint(), endpoint(id="ollama", health="away")]
    shown = labels(view(glance(status=status(endpoints=places))).items)
    assert "Local: 2 models, of llama-server and ollama (away)" in shown
    assert "Free: none" in shown


def test_of_many_places_a_few_are_named() -> None:
    places = [endpoint(id=f"e{number}") for number in range(9)]
    shown = labels(view(glance(status=status(endpoints=places))).items)
    assert "Local: 2 models, of e0, e1, e2, e3 and 5 others" in shown


def test_a_click_on_a_profile_or_a_mode_sets_it_and_the_one_in_force_is_marked() -> None:
    items = view(glance(status=status("no-paid"))).items
    profiles, modes = under(items, "Profile: balanced"), under(items, "Mode: nothing paid")
    assert [item.deed for item in profiles] == [
        Change("/profile", "profile", one["name"]) for one in PROFILES["profiles"]
    ]
    assert [item.label for item in profiles if item.chosen] == ["balanced"]
    assert [item.deed for item in modes] == [Change("/mode", "mode", one) for one in MODES]
    assert [item.label for item in modes if item.chosen] == ["nothing paid"]


def test_a_mode_of_a_newer_daemon_is_shown_as_it_calls_it() -> None:
    seen = view(glance(status=status("siesta")))
    assert seen.title.endswith(", siesta")
    assert "Mode: siesta" in labels(seen.items)


def test_what_upstream_calls_itself_breaks_no_line() -> None:
    nasty = "a\nb\x1b[2J\u202e"
    seen = view(glance(last=last(model=nasty, app=nasty), status=status(endpoints=[endpoint(id=nasty)])))
    every = [seen.title, *labels(list(flattened(seen.items)))]
    assert all(text.isprintable() for text in every)


def test_without_a_daemon_it_says_so_and_can_be_quit() -> None:
    seen = away("the daemon is not running; start it with: pointsman serve")
    assert seen.kind is Kind.AWAY
    assert labels(seen.items)[0] == "the daemon is not running; start it with: pointsman serve"
    assert seen.items[-2:] == (SEPARATOR, QUIT)
