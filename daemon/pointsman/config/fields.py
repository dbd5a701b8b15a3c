"""The kinds of value that a configuration holds.

Each kind says in one place what it accepts (`Says`, for errors and for the documentation), how it is
read, and how it is shown: the dump of a section is what a user would write, but for keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    SecretStr,
    SerializerFunctionWrapHandler,
    StringConstraints,
    WrapSerializer,
)
from pydantic_core import CoreSchema, core_schema

from pointsman.config.keys import show_key
from pointsman.config.readers import (
    A_DURATION,
    A_SIGN,
    A_SOCKET,
    LONGEST,
    one_of,
    read_decimal,
    read_duration,
    read_limit,
    read_names,
    read_reference,
    read_sign,
    read_socket,
    read_url,
    show_duration,
    show_limit,
    word,
)

E = TypeVar("E", bound=Enum)
K = TypeVar("K")
V = TypeVar("V")

MOST_MONEY = 1_000_000_000  # US dollars: what still fits 64 bits as nano-dollars
A_SUM = "US dollars: a number from 0 to a billion, with at most 9 decimals"


@dataclass(frozen=True, slots=True)
class Says:
    """What a field accepts, in words that follow "must be"."""

    words: str


@dataclass(frozen=True, slots=True)
class Unset:
    """What holds where an optional field is left out."""

    words: str


class Section(BaseModel):
    """A table of the file. A value is taken as it is or refused: nothing is converted on a guess."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True
    )

    # What a table of any other name in this one holds, where `extra` allows them.
    others: ClassVar[type["Section"] | None] = None


def _dump(table: Mapping[str, object], dump: SerializerFunctionWrapHandler) -> object:
    return dump(dict(table))


class _ByWord:
    """Reads a member of an enum by its word, and writes it as that."""

    def __get_pydantic_core_schema__(self, kind: type[Enum], _: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            one_of(kind), serialization=core_schema.plain_serializer_function_ser_schema(word)
        )


Word = Annotated[E, _ByWord()]
"""`Word[Tier]` is a Tier; what the file may say is told of by the enum itself."""

Table = Annotated[Mapping[K, V], AfterValidator(MappingProxyType), WrapSerializer(_dump), Says("a table")]


def empty() -> Mapping[Any, Any]:
    """The default of a table."""
    return MappingProxyType({})


Flag = Annotated[bool, Says("true or false")]
Text = Annotated[str, StringConstraints(min_length=1), Says("text in quotes, not empty")]
OwnName = Annotated[str, StringConstraints(min_length=1), Says("a name of your own, not empty")]
PlaceName = Annotated[
    str, StringConstraints(pattern=r"^[^\s/]+$"), Says("a name of your own, without slashes and spaces")
]
ModelId = Annotated[
    str, StringConstraints(pattern=r"^[^\s/]+/\S"), Says("written as provider/model, in quotes")
]
Sign = Annotated[str, AfterValidator(read_sign), Says(A_SIGN)]
Signs = Annotated[tuple[Sign, ...], BeforeValidator(read_names), Says("a list of signs, or one sign")]
Names = Annotated[tuple[Text, ...], BeforeValidator(read_names), Says("a list of names, or one name")]

Port = Annotated[int, Field(ge=0, le=65_535), Says("a port: a whole number from 0 to 65535")]
WholeNumber = Annotated[int, Field(ge=0), Says("a whole number, 0 or more")]
Count = Annotated[int, Field(gt=0), Says("a whole number above 0")]
Megabytes = Annotated[int, Field(ge=16), Says("a whole number of megabytes, 16 or more")]
Seconds = Annotated[float, Field(gt=0, le=LONGEST), Says("a number of seconds above 0")]
Patience = Annotated[float, Field(ge=0, le=LONGEST), Says("a number of seconds, 0 or more")]
Share = Annotated[float, Field(ge=0), Says("a number, 0 or more")]
Every = Annotated[
    float | None, BeforeValidator(read_duration), PlainSerializer(show_duration), Says(A_DURATION)
]
Usd = Annotated[
    Decimal,
    BeforeValidator(read_decimal),
    Field(ge=0, le=MOST_MONEY, decimal_places=9),  # money is counted in nano-dollars
    PlainSerializer(float),
    Says(A_SUM),
]
UsdOrNone = Annotated[
    Usd | None, BeforeValidator(read_limit), PlainSerializer(show_limit), Says(f'{A_SUM}, or "none"')
]

Url = Annotated[
    str,
    AfterValidator(read_url),
    Says("an http:// or https:// address with a host, or unix:/path, in quotes"),
]
Socket = Annotated[str | Literal[False], BeforeValidator(read_socket), Says(A_SOCKET)]
Key = Annotated[
    SecretStr,
    AfterValidator(read_reference),
    PlainSerializer(show_key),
    Says("env:NAME, file:PATH, keyring:NAME or the key itself, in quotes"),
]
