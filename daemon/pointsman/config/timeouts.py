"""How long is waited for what: the sections for clocks, of all providers and of one."""

from typing import Annotated, Any

from pydantic import Field

from pointsman.config.fields import Seconds, Section, Unset


class TimeoutsConfig(Section):
    connect: Seconds = Field(default=5.0, description="Seconds until a connection stands.")
    headers: Seconds = Field(default=30.0, description="Seconds until the headers of a streamed answer.")
    plain: Annotated[Seconds | None, Unset("300; local models longer, by prompt and answer")] = Field(
        default=None,
        description="Seconds until the headers of a plain answer: engines send them when they have finished.",
    )
    first_content: Annotated[
        Seconds | None, Unset("60; thinking models 180; local models 300, and longer by prompt")
    ] = Field(default=None, description="Seconds until the first content of a streamed answer.")
    idle: Annotated[Seconds | None, Unset("30; local models 120")] = Field(
        default=None, description="Seconds of silence within a streamed answer."
    )
    client: Seconds = Field(
        default=55.0,
        description="Seconds that the client of a plain request waits: where a model's load takes longer, "
        "another one answers, or the client is told when to come again, and the load goes on.",
    )
    total: Seconds = Field(
        default=600.0,
        description="Seconds for a whole request, all its attempts together; no clock is longer.",
    )


Own = Annotated[Seconds | None, Unset("that of [timeouts]")]


def _own(key: str) -> Any:
    return Field(default=None, description=TimeoutsConfig.model_fields[key].description)


class OwnTimeouts(Section):
    """The clocks of one provider. What it leaves out is as for all."""

    connect: Own = _own("connect")
    headers: Own = _own("headers")
    plain: Own = _own("plain")
    first_content: Own = _own("first_content")
    idle: Own = _own("idle")
    client: Own = _own("client")
    total: Own = _own("total")

    def over(self, general: TimeoutsConfig) -> TimeoutsConfig:
        return general.model_copy(update={key: value for key, value in self if value is not None})
