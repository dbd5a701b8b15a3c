"""What is said of the configuration, as JSON."""

from typing import TypedDict


class SettingShape(TypedDict):
    key: str  # dotted
    value: str  # as TOML, or words where it has none
    origin: str  # default | file | command | environment | command line


class ConfigShape(TypedDict):
    file: str | None  # null: there is none, the defaults hold
    settings: list[SettingShape]  # as they are in force
    waiting: list[str]  # keys that are others since the start, and hold after the next
    trouble: str  # what is wrong with the file as it is now, which is not in force; empty: nothing


class ReloadShape(TypedDict):
    file: str | None
    changed: list[str]  # sections
    waiting: list[str]  # as in ConfigShape
    warnings: list[str]
