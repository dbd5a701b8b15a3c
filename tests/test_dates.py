from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from time import tzset
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.dates import HOUR, Calendar, Span, Window, days_of

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
KATHMANDU, LORD_HOWE = "Asia/Kathmandu", "Australia/Lord_Howe"  # 5 h 45 min; half an hour of summer time
HAVANA, BEIRUT = "America/Havana", "Asia/Beirut"  # summer time takes a midnight away
APIA = "Pacific/Apia"  # without a 30th of December 2011
ST_JOHNS = "America/St_Johns"  # until 2011 the clock went back over midnight
ZONES = (BERLIN, NEW_YORK, KATHMANDU, LORD_HOWE, HAVANA, BEIRUT, APIA, ST_JOHNS, "Pacific/Chatham", "UTC")


DAY, WEEK = 24 * HOUR, 7 * 86_400


def at(zone: str, *when: int, fold: int = 0) -> float:
    return datetime(*when, tzinfo=ZoneInfo(zone), fold=fold).timestamp()  # type: ignore[arg-type, misc]


def calendar(zone: str) -> Calendar:
    return Calendar(ZoneInfo(zone))


def hours(span: Span) -> float:
    return (span.ends - span.begins) / HOUR


def told(zone: str, span: Span) -> tuple[str, str]:
    begins, ends = (datetime.fromtimestamp(moment, ZoneInfo(zone)) for moment in span)
    return f"{begins:%Y-%m-%d %H:%M}", f"{ends:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        (BERLIN, (2026, 3, 29), 23),
        (BERLIN, (2026, 10, 25), 25),
        (BERLIN, (2026, 10, 26), 24),
        (NEW_YORK, (2026, 3, 8), 23),
        (NEW_YORK, (2026, 11, 1), 25),
        (KATHMANDU, (2026, 3, 29), 24),
        (LORD_HOWE, (2026, 4, 5), 24.5),
        (LORD_HOWE, (2026, 10, 4), 23.5),
        (HAVANA, (2026, 3, 8), 23),
        (HAVANA, (2026, 11, 1), 25),
        (BEIRUT, (2026, 3, 29), 23),
        (APIA, (2011, 12, 29), 24),
        (APIA, (2011, 12, 31), 24),
    ],
)
def test_a_day_is_as_long_as_its_zone_makes_it(zone: str, day: tuple[int, int, int], length: float) -> None:
    assert hours(calendar(zone).span(Window.DAY, at(zone, *day, 12))) == length


def test_a_day_that_has_no_midnight_begins_when_the_evening_before_is_over() -> None:
    assert told(HAVANA, calendar(HAVANA).span(Window.DAY, at(HAVANA, 2026, 3, 8, 15))) == (
        "2026-03-08 01:00",
        "2026-03-09 00:00",
    )


def test_a_day_that_does_not_exist_takes_no_time() -> None:
    here, eve = calendar(APIA), at(APIA, 2011, 12, 29, 23, 59)
    missing = date(2011, 12, 30).toordinal()
    assert here.midnight(missing) == here.midnight(missing + 1)
    assert (here.day(eve), here.day(eve + 60)) == (missing - 1, missing + 1)


def test_a_day_goes_on_where_the_clock_is_put_back_over_midnight() -> None:
    here, midnight = calendar(ST_JOHNS), at(ST_JOHNS, 2010, 11, 7)
    evening = midnight + 30 * 60  # 23:30 of the 6th once more
    assert datetime.fromtimestamp(evening, ZoneInfo(ST_JOHNS)).day == 6
    assert here.day(evening) == here.day(midnight) == date(2010, 11, 7).toordinal()
    assert here.day(midnight - 1) == date(2010, 11, 6).toordinal()


def test_an_hour_that_is_repeated_is_another_hour() -> None:
    here = calendar(BERLIN)
    once, again = (here.hour(at(BERLIN, 2026, 10, 25, 2, 30, fold=fold)) for fold in (0, 1))
    assert once.ends == again.begins
    assert told(BERLIN, once)[0] == told(BERLIN, again)[0] == "2026-10-25 02:00"


def test_an_hour_begins_by_the_clock_of_its_own_zone() -> None:
    assert told(KATHMANDU, calendar(KATHMANDU).hour(at(KATHMANDU, 2026, 5, 1, 9, 59))) == (
        "2026-05-01 09:00",
        "2026-05-01 10:00",
    )


def test_hours_go_on_from_midnight_where_the_clock_is_changed_by_half_of_one() -> None:
    here, night = calendar(LORD_HOWE), at(LORD_HOWE, 2026, 4, 5)
    spans = [here.hour(night + minutes * 60) for minutes in range(0, 1470, 30)]
    assert {hours(span) for span in spans[:-1]} == {1.0}
    assert hours(spans[-1]) == 0.5
    assert spans[-1].ends == here.midnight(date(2026, 4, 6).toordinal())


def test_the_last_moment_before_midnight_is_no_part_of_tomorrow() -> None:
    here, midnight = calendar(BERLIN), at(BERLIN, 2026, 5, 2)
    eve = midnight - 2e-7
    assert eve < midnight
    assert here.day(eve) == date(2026, 5, 1).toordinal()
    assert here.hour(eve).ends == midnight


def test_weeks_begin_on_monday() -> None:
    here, monday = calendar(BERLIN), date(2026, 10, 19)
    for hour in (0, 7 * 24):  # the week has an hour more
        span = here.span(Window.WEEK, at(BERLIN, 2026, 10, 19) + hour * HOUR)
        assert told(BERLIN, span) == ("2026-10-19 00:00", "2026-10-26 00:00")
    assert days_of(Window.WEEK, monday.toordinal() + 6) == (monday.toordinal(), monday.toordinal() + 7)


def test_the_year_ends_with_its_last_month_and_in_the_midst_of_a_week() -> None:
    here, eve = calendar(NEW_YORK), at(NEW_YORK, 2026, 12, 31, 23, 59, 59)
    month = here.span(Window.MONTH, eve)
    assert told(NEW_YORK, month) == ("2026-12-01 00:00", "2027-01-01 00:00")
    assert told(NEW_YORK, here.span(Window.MONTH, month.ends)) == ("2027-01-01 00:00", "2027-02-01 00:00")
    assert told(NEW_YORK, here.span(Window.WEEK, eve)) == ("2026-12-28 00:00", "2027-01-04 00:00")


def test_of_a_leap_year_february_has_29_days() -> None:
    first, after = days_of(Window.MONTH, date(2028, 2, 29).toordinal())
    assert (first, after) == (date(2028, 2, 1).toordinal(), date(2028, 3, 1).toordinal())


@pytest.mark.parametrize("zone", [BERLIN, HAVANA, LORD_HOWE])
def test_the_machines_own_zone_is_like_any_other_and_may_be_changed(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, same = Calendar(), calendar(zone)
    with monkeypatch.context() as environment:
        environment.setenv("TZ", zone)
        for day in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal()):
            noon = same.midnight(day) + 12 * HOUR
            assert mine.day(noon) == day
            assert all(mine.span(window, noon) == same.span(window, noon) for window in Window)
    tzset()


MOMENTS = st.floats(at("UTC", 1971, 1, 1), at("UTC", 2037, 1, 1))


@given(st.sampled_from(ZONES), st.sampled_from(Window), MOMENTS)
def test_a_moment_lies_in_its_window_and_in_no_other(zone: str, window: Window, wall: float) -> None:
    here = calendar(zone)
    span = here.span(window, wall)
    assert span.begins <= wall < span.ends
    assert here.span(window, span.begins) == span
    assert here.span(window, span.ends).begins == span.ends
    assert here.span(window, span.begins - 1).ends == span.begins


@given(st.sampled_from(ZONES), st.sampled_from(Window), MOMENTS)
def test_an_hour_is_all_of_it_within_one_window_of_any_kind(zone: str, window: Window, wall: float) -> None:
    here = calendar(zone)
    hour, span = here.hour(wall), here.span(window, wall)
    assert span.begins <= hour.begins < hour.ends <= span.ends


class Change(NamedTuple):
    """Of a clock: when, and by how much it was off UTC before and after."""

    at: float
    before: timedelta
    after: timedelta


def changes(zone: ZoneInfo) -> Iterator[Change]:
    """From 2024 to 2030, to the second. No clock is changed twice in a week."""

    def offset(moment: float) -> timedelta:
        return datetime.fromtimestamp(moment, zone).utcoffset() or timedelta()

    for early in range(int(at("UTC", 2024, 1, 1)), int(at("UTC", 2031, 1, 1)), WEEK):
        before, after = offset(early), offset(early + WEEK)
        if before != after:
            week = range(early, early + WEEK)
            yield Change(
                week[bisect_left(week, True, key=lambda moment: offset(moment) == after)], before, after
            )


def test_hours_make_up_days_around_every_change_of_every_clock() -> None:
    found = {change: name for name in sorted(available_timezones()) for change in changes(ZoneInfo(name))}
    assert len(found) > 300
    for change, name in found.items():
        here = calendar(name)
        day, begins = here.day(change.at - DAY), here.midnight(here.day(change.at - DAY))
        while day <= here.day(change.at + DAY):
            span = here.hour(begins)
            assert span.begins == begins < span.ends <= begins + HOUR, name
            assert {here.day(begins), here.day((begins + span.ends) / 2), here.day(span.ends - 1)} == {day}
            begins, day = span.ends, here.day(span.ends)
            assert (begins == here.midnight(day)) == (here.day(begins - 1) < day), name
