"""The ledger's writer: one thread of its own, to which records are handed without waiting.

What comes within a fifth of a second is committed together: a busy daemon's thread isn't woken for every
request, an idle one sleeps. When the file can't be written (its disk is full, another program holds it),
what comes waits in memory, and beyond a bound it is lost; `trouble` and `lost` say so. When the file is
removed or replaced, what comes goes into the one that is at its path then; `trouble` tells that too.
"""

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

from pointsman.errors import LedgerError, StartError
from pointsman.ledger.opened import Opened
from pointsman.ledger.prune import Pruner
from pointsman.ledger.record import Record, RequestRecord
from pointsman.ledger.recovery import RECOVERY
from pointsman.ledger.rows import Entry, save, to_entry
from pointsman.ledger.schema import open_ledger
from pointsman.ledger.trouble import explain

GATHER = 0.2  # seconds; with the commit itself a record is in the file 250 ms after it came
RETRY = 1.0  # seconds between two tries at a file that fails
HURRY = 256  # records that are not left to wait for more, so that a burst takes little memory
CAPACITY = 4096  # records that may wait; a few kilobytes each

log = logging.getLogger(__name__)


class Writer:
    """Its methods are for one thread, the event loop's.

    `cap` is how many bytes the ledger may take up; None: however many. `opener` and `wait` are for tests: how
    the file is opened, how the writer's thread waits for an event.
    """

    def __init__(
        self,
        path: Path,
        *,
        cap: int | None = None,
        capacity: int = CAPACITY,
        opener: Callable[[Path], sqlite3.Connection] = open_ledger,
        wait: Callable[[threading.Event, float | None], object] = threading.Event.wait,
    ) -> None:
        self._path = path
        self._capacity = capacity
        self._file = Opened(path, opener)
        self._pruner = None if cap is None else Pruner(path, cap)
        self._wait = wait
        self._queue: deque[Record] = deque()
        self._flushes: deque[Future[None]] = deque()
        self._entries: list[Entry] = []  # taken from the queue and not yet committed
        self._work = threading.Event()  # there is something to do
        self._hurry = threading.Event()  # and it is not to be put off
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._trouble = ""  # what keeps us from writing now
        self._replaced = ""  # that the file is not the one of the start: true until the stop
        self._turned_away = 0  # counted in the caller's thread; the next in our own: no count has two writers
        self._refused = 0
        self._unkept: LedgerError | None = None  # that a request of this round can't be kept

    def keep_under(self, cap: int) -> None:
        """Bytes, from now on."""
        if self._pruner is not None:
            self._pruner.cap = cap

    def start(self) -> None:
        """Opens the file, or makes it. Raises StartError, which says why it can't be used and what to do.

        What the last daemon left under way is put right first, at once if the file can be written now.
        """
        self._file.connection()
        self._entries.append(RECOVERY)
        if self._commit():
            self._work.set()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Writes down what waits, then closes the file. What still can't be written is counted as lost."""
        self._stopping = True
        self._wake()
        if self._thread:
            self._thread.join()
        self._give_up()
        self._answer_flushes(LedgerError(f"the ledger {self._path} is closed"))

    def enqueue(self, record: Record) -> None:
        """Hands over what must not change any more. Never waits, never raises."""
        if self._stopping or self.waiting >= self._capacity:
            self._turned_away += 1
            return
        self._queue.append(record)
        if not self._work.is_set():
            self._work.set()
        if len(self._queue) == HURRY:
            self._hurry.set()

    def flush(self) -> Future[None]:
        """Done when all that was enqueued before is committed; for asyncio: `await asyncio.wrap_future(...)`.

        Fails with LedgerError when the file could not be written, where the records go on waiting, and when
        a request among them can't be kept at all.
        """
        done: Future[None] = Future()
        if self._stopping:
            done.set_exception(LedgerError(f"the ledger {self._path} is closed"))
        else:
            self._flushes.append(done)
            self._wake()
        return done

    @property
    def trouble(self) -> str:
        """For people: what is wrong with the file, what to do, what waits. Empty while all is well."""
        if not self._trouble:
            return self._replaced
        waiting = f"requests that wait in memory to be written: {self.waiting}; lost: {self.lost}"
        return "; ".join(filter(None, (self._replaced, self._trouble, waiting)))

    @property
    def lost(self) -> int:
        """Requests that will never be in the ledger, since the start."""
        return self._turned_away + self._refused

    @property
    def waiting(self) -> int:
        """Records that are not in the file yet."""
        return len(self._queue) + len(self._entries)

    def _wake(self) -> None:
        self._work.set()
        self._hurry.set()

    def _run(self) -> None:
        with closing(self._file):
            while self._round():
                pass

    def _round(self) -> bool:
        """Waits for work, lets more of it come, and commits all. False when it was the last round."""
        self._wait(self._work, None)
        self._wait(self._hurry, RETRY if self._entries else GATHER)
        self._work.clear()
        self._hurry.clear()
        goes_on = not self._stopping  # read before the queue, so that what came before stop() is written
        flushes = len(self._flushes)  # counted before the queue, so that what came before flush() is written
        self._unkept = None
        self._take()
        failure = self._commit()
        self._answer_flushes(failure or self._unkept, flushes)
        if failure or self._prune():
            self._work.set()
        return goes_on

    def _take(self) -> None:
        for _ in range(len(self._queue)):
            record = self._queue.popleft()
            time.sleep(0)  # lets the event loop in: without it a burst holds it up for 5 ms at a time
            try:
                self._entries.append(to_entry(record))
            except Exception:  # the border of the thread: one bad record must not end it
                log.exception("the record of %r can't be written to the ledger", record.id)
                self._refuse(record.id, is_request=isinstance(record, RequestRecord))

    def _commit(self) -> LedgerError | None:
        try:
            if self._file.gone:
                self._let_go()
            connection = self._file.connection()
            refused = save(connection, self._entries) if self._entries else []
        except (sqlite3.Error, OSError) as error:
            return self._in_trouble(explain(self._path, error))
        except StartError as error:
            return self._in_trouble(error.message)
        self._entries.clear()
        self._note_refused(refused)
        if self._trouble:
            log.warning("the ledger can be written again")
        self._trouble = ""
        return None

    def _prune(self) -> bool:
        """One batch of what is old, after a commit; what waits is committed before the next."""
        connection = self._file.current
        return self._pruner is not None and connection is not None and self._pruner.prune(connection)

    def _let_go(self) -> None:
        self._replaced = (
            f"the ledger {self._path} was removed or replaced while in use: requests are written "
            "into the file that is there now, which lacks those before"
        )
        log.error("%s", self._replaced)
        self._file.let_go()

    def _in_trouble(self, explanation: str) -> LedgerError:
        if explanation != self._trouble:
            log.error("%s", explanation)
        self._trouble = explanation
        return LedgerError(explanation)

    def _note_refused(self, refused: list[tuple[Entry, Exception]]) -> None:
        for entry, error in refused:
            log.error("the record of %r can't be written to the ledger: %s", entry.id, error)
            self._refuse(entry.id, is_request=entry.is_request)

    def _refuse(self, id_: str, *, is_request: bool) -> None:
        self._refused += 1
        if is_request:
            self._unkept = LedgerError(f"the request {id_} can't be written to the ledger")

    def _answer_flushes(self, failure: LedgerError | None, count: int | None = None) -> None:
        for _ in range(len(self._flushes) if count is None else count):
            done = self._flushes.popleft()
            if not done.set_running_or_notify_cancel():
                continue
            if failure:
                done.set_exception(failure)
            else:
                done.set_result(None)

    def _give_up(self) -> None:
        if self.waiting:
            log.error("%d requests are lost with the stop: %s", self.waiting, self._trouble)
        self._refused += self.waiting
        self._queue.clear()
        self._entries.clear()
