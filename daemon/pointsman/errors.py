"""One small tree of errors. Each says what the client is told, and what may be done next.

PointsmanError
├── BadRequest            400  the request is malformed
├── ForeignOrigin         403  a web page of another origin asks
├── NotOurs               403  somebody who may only look wants to change something
├── NotFound              404  nothing is there
│   └── UnknownModel      404  a model's name that means nothing
├── WrongMethod           405
├── BodyTooSlow           408
├── BodyTooLarge          413
├── NotJson               415  a change that is not sent as JSON
├── WrongHost             421  the Host header is not one of ours
├── KeyNotKept            422  a key was tried and does not work
├── LedgerError           500  what happened can't be written down, or read back
├── NoRoute               503  nobody is left to ask
│   └── OverBudget        402  ... because of what may be spent, or because a price is not known
├── UpstreamError         503  one attempt failed
│   ├── Unaffordable           ... before it was made: there is no money for it
│   └── Unrecorded             ... before it was made: what it costs can't be written down
├── Loop                  508  the request has been here before
├── Refused                    with the status of the provider that refused
└── StartError                 the daemon can't start
    └── ConfigError            ... because of its configuration
"""

from enum import StrEnum

SOON = 60.0  # seconds
TOO_LONG = "context_length_exceeded"  # by this code of OpenAI's clients know that they are to shorten it


class Shuts(StrEnum):
    """What a failed attempt puts out of use."""

    NOTHING = "nothing"
    MODEL = "model"
    ENDPOINT = "endpoint"
    ACCOUNT = "account"
    FREE = "free"  # the models of an account that cost nothing, which are counted together


class Then(StrEnum):
    """Who is asked next, once an attempt has failed."""

    AGAIN = "again"  # the same once more, then the next
    NEXT = "next"
    LARGER = "larger"  # the next that has a larger context
    NOBODY = "nobody"  # the request itself is refused


class PointsmanError(Exception):
    """The root. `status` and `code` are what an HTTP client sees; the message is written for people."""

    status: int = 500
    code: str = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadRequest(PointsmanError):
    """`param` names the field that is wrong."""

    status = 400
    code = "invalid_request"

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class BodyTooSlow(PointsmanError):
    status = 408
    code = "body_too_slow"


class BodyTooLarge(PointsmanError):
    status = 413
    code = "body_too_large"


class WrongHost(PointsmanError):
    status = 421
    code = "wrong_host"


class ForeignOrigin(PointsmanError):
    status = 403
    code = "foreign_origin"


class NotOurs(PointsmanError):
    status = 403
    code = "not_allowed"


class NotJson(PointsmanError):
    status = 415
    code = "not_json"


class KeyNotKept(PointsmanError):
    status = 422
    code = "key_not_kept"


class NotFound(PointsmanError):
    status = 404
    code = "not_found"


class UnknownModel(NotFound):
    code = "model_not_found"


class WrongMethod(PointsmanError):
    status = 405
    code = "method_not_allowed"


class Loop(PointsmanError):
    status = 508
    code = "loop"


class NoRoute(PointsmanError):
    """Nobody is left to ask. `retry_after`: seconds until somebody may be again, None: nobody knows.

    `limited`: rate limits are all that keeps them from it. `too_long`: the prompt is, for every model.
    """

    status = 503

    def __init__(
        self, message: str, *, retry_after: float | None = None, limited: bool = False, too_long: bool = False
    ) -> None:
        super().__init__(message)
        self.code = TOO_LONG if too_long else "no_route"
        self.retry_after = retry_after
        self.limited = limited
        if limited:
            self.status = 429

    @property
    def is_soon_over(self) -> bool:
        """Whether a client's library may be asked to wait for it by itself."""
        return self.retry_after is not None and self.retry_after <= SOON


class OverBudget(NoRoute):
    """Nobody may be asked for want of money; the message tells which budget, and what to do."""

    status = 402

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.code = "over_budget"


class Refused(PointsmanError):
    """What a provider refused as the request's own fault goes to the client with the provider's status.

    `too_long`: the prompt is longer than every context.
    """

    def __init__(self, message: str, status: int, *, too_long: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.code = TOO_LONG if too_long else "refused_upstream"


class LedgerError(PointsmanError):
    """The ledger's file fails a running daemon; the message names the file and what to do."""

    code = "ledger_failed"


class UpstreamError(PointsmanError):
    """One attempt failed.

    `upstream_status` is what the provider said, None where it said nothing. `shuts`: what the failure
    tells of the target, and `wait` for how many seconds, where the provider said so. `limited`: it is
    a rate limit or a quota; `span`: of which time, and `most`: how much it allows in it, where that is said.
    `said`: the provider's own error as JSON, where it came in place of an answer. `loading`: it is an engine
    that says so of its model, which will be there.
    """

    status = 503
    code = "upstream_failed"

    def __init__(
        self,
        message: str,
        *,
        upstream_status: int | None = None,
        then: Then = Then.NEXT,
        shuts: Shuts = Shuts.NOTHING,
        wait: float | None = None,
        limited: bool = False,
        span: str = "",
        most: int | None = None,
        said: bytes = b"",
        loading: bool = False,
    ) -> None:
        super().__init__(message)
        self.upstream_status = upstream_status
        self.then = then
        self.shuts = shuts
        self.wait = wait
        self.limited = limited
        self.span = span
        self.most = most
        self.said = said
        self.loading = loading


class Unaffordable(UpstreamError):
    """An attempt that is not made: nobody may spend what it may cost, or nobody knows what that is."""

    status = 402
    code = "over_budget"


class Unrecorded(UpstreamError):
    """An attempt that is not made: what it costs could not be written down, nor what any other does."""


def broken(words: str) -> UpstreamError:
    """What came is no whole answer: its model is left alone for a moment."""
    return UpstreamError(words, shuts=Shuts.MODEL)


class StartError(PointsmanError):
    """The daemon can't start; the message says why and what to do."""


class ConfigError(StartError):
    """The configuration can't be used. `file` and `line` (from 1) say where.

    `reason`: what is wrong, without where and without what to do there.
    """

    def __init__(self, message: str, file: str = "", line: int | None = None, *, reason: str = "") -> None:
        place = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(place + message)
        self.file = file
        self.line = line
        self.reason = reason or message
