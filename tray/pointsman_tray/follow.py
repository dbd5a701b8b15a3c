"""The daemon is followed: what happens there has it asked how it stands, and nothing else does.

Three threads, as the client waits: one listens, one asks, one does what was clicked. Who listens is never
held up by an answer. None of them ends for anything that a daemon says: it may be of another version, with
other words.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from queue import Empty, SimpleQueue

from pointsman.cli.address import DaemonAway
from pointsman.cli.client import Client, CutShort, DaemonRefused, Event
from pointsman.errors import PointsmanError
from pointsman.server.control.shapes import RequestShape
from pointsman_tray.menu import NAME, Change, Glance, View, away, untold, view
from pointsman_tray.news import News, Notice

FIRST_RETRY, LONGEST_RETRY = 0.25, 3.0  # seconds between looks for a daemon that is away
SPACING = 0.5  # seconds between two questions how it stands, however much happens
NOT_FOUND = 404
MISFIT = "this icon does not understand what the daemon says"
ANEW = "if one of the two was upgraded, restart the daemon and this icon"
STOPPING, SWEPT = "daemon.stopping", "sweep.done"


class Follower:
    """`show` and `tell` are called from its threads, `act` from any; none of them waits.

    `connect` raises DaemonAway. `pause` waits so many seconds; `today` is the day that it is.
    """

    def __init__(
        self,
        connect: Callable[[], Client],
        show: Callable[[View], None],
        tell: Callable[[Notice], None],
        *,
        pause: Callable[[float], object] = time.sleep,
        today: Callable[[], date] = date.today,
    ) -> None:
        self._connect = connect
        self._show = show
        self._tell = tell
        self._pause = pause
        self._today = today
        self._news = News(time.monotonic)
        self._lock = threading.Lock()
        self._client: Client | None = None  # None: the daemon is away
        self._stale = threading.Event()
        self._clicks: SimpleQueue[Change] = SimpleQueue()
        self._is_settled = False  # all that was shown is from after the daemon's first sweep
        self._day: date | None = None  # that was shown

    def start(self) -> None:
        for loop in (self._listen, self._ask, self._do):
            threading.Thread(target=loop, name=f"pointsman{loop.__name__}", daemon=True).start()

    def act(self, change: Change) -> None:
        """What was clicked. What comes of it is shown when the daemon tells of it."""
        self._clicks.put(change)

    def _do(self) -> None:
        """In their order. Of those that had to wait, the last for each path is what is wanted by now."""
        while True:
            for change in {one.path: one for one in self._clicked()}.values():
                try:
                    self._connect().post(change.path, {change.field: change.value})
                except Exception as error:  # noqa: BLE001 - whatever it is, it is told
                    self._tell(Notice(NAME, _said(error)))

    def _clicked(self) -> Iterator[Change]:
        """One at least."""
        yield self._clicks.get()
        with suppress(Empty):
            while True:
                yield self._clicks.get_nowait()

    def _listen(self) -> None:
        wait = FIRST_RETRY
        while True:
            trouble = "it has stopped"
            try:
                with (client := self._connect()).events(shows_models=False) as events:
                    self._found(client)
                    wait = FIRST_RETRY
                    for event in events:
                        self._heard(event)
            except Exception as error:  # noqa: BLE001 - whatever it is, the daemon is looked for again
                trouble = _said(error)
            self._lost(trouble)
            self._pause(wait)
            wait = min(2 * wait, LONGEST_RETRY)

    def _found(self, client: Client) -> None:
        with self._lock:
            self._client, self._is_settled = client, False
            self._news.begin()
        self._stale.set()

    def _lost(self, trouble: str) -> None:
        with self._lock:
            self._client = None
            self._show(away(trouble))

    def _heard(self, event: Event) -> None:
        with self._lock:
            notice = self._news.of(event)
            changes = event.kind != SWEPT or not self._is_settled or self._day != self._today()
        if notice:
            self._tell(notice)
        if changes and event.kind != STOPPING:
            self._stale.set()

    def _ask(self) -> None:
        """Again a while after there was no answer, though nothing has happened since."""
        while True:
            self._stale.wait()
            self._stale.clear()
            client = self._client
            if client is None or self._look(client):
                self._pause(SPACING)
            else:
                self._pause(LONGEST_RETRY)
                self._stale.set()

    def _look(self, client: Client) -> bool:
        """Whether it told how it stands."""
        day = self._today()
        try:
            seen = self._seen(client)
        except (DaemonAway, CutShort):  # who listens notices too
            return False
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown, and asked again
            self._put(client, untold(_said(error)))
            return False
        self._day = day
        self._put(client, seen)
        return True

    def _put(self, client: Client, seen: View) -> None:
        """Unless that daemon is gone meanwhile."""
        with self._lock:
            if self._client is client:
                self._show(seen)

    def _seen(self, client: Client) -> View:
        """The last request is asked for first: the daemon writes down all there is before it answers."""
        last = _last(client)
        glance = Glance(client.get("/status"), client.get("/profile"), last)
        seen = view(glance)
        with self._lock:
            self._news.know(glance.status)
            self._is_settled = glance.status["swept_ago"] is not None
        return seen


def _said(error: Exception) -> str:
    if isinstance(error, PointsmanError):
        return error.message
    return f"{MISFIT} ({type(error).__name__}: {error}); {ANEW}"


def _last(client: Client) -> RequestShape | None:
    try:
        last: RequestShape = client.get("/decisions/last")
    except DaemonRefused as error:
        if error.http_status == NOT_FOUND:
            return None
        raise
    return last
