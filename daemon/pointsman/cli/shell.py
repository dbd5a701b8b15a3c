"""What a command is given besides its arguments: the screen, the environment, and the way to the daemon."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field
from getpass import getpass
from typing import TYPE_CHECKING, TextIO

from pointsman.cli.address import find_addresses, names_socket
from pointsman.cli.show import Screen
from pointsman.errors import PointsmanError
from pointsman.paths import find_paths

if TYPE_CHECKING:
    from pointsman.cli.client import Client


class WrongUsage(PointsmanError):
    """The words on the command line make no sense together; said as argparse says its own."""


@dataclass(frozen=True, slots=True)
class Shell:
    screen: Screen
    environ: Mapping[str, str]
    stdin: TextIO
    said: list[str] = field(default_factory=list)  # that the daemon is of another version

    def client(self, args: Namespace) -> "Client":
        """Raises DaemonAway if no daemon was published where the arguments look, and none would start."""
        # Brings its HTTP library, which commands without a daemon spare.
        from pointsman.cli.client import Client

        paths = find_paths(self.environ, state=args.state, socket=args.socket)
        named = names_socket(self.environ, state=args.state, socket=args.socket)
        return Client(find_addresses(paths, only_socket=named, wakes=True), self._warn)

    def prompt(self, words: list[str]) -> str:
        """The words, `-` standing for standard input; without words all of a pipe."""
        if not words and self.stdin.isatty():
            raise WrongUsage('there is no prompt: put it in quotes, as in "why is the sky blue?"')
        text = " ".join(self._input() if word == "-" else word for word in words or ["-"])
        if not text.strip():
            raise WrongUsage("the prompt is empty")
        return text

    def secret(self, question: str) -> str:
        """Typed where nothing shows it, or the one line of a pipe. Arguments are for all to see."""
        if self.stdin.isatty():
            return getpass(question).strip()
        text = self._input().strip()
        if (lines := len(text.splitlines())) > 1:
            raise WrongUsage(f"there are {lines} lines in the pipe, and a key is one: send it alone")
        return text

    def _warn(self, sentence: str) -> None:
        self.said.append(sentence)
        self.screen.note(sentence)

    def _input(self) -> str:
        try:
            text = self.stdin.read()
            text.encode()  # in some locales bytes that are no text come in as halves of surrogates
        except UnicodeError as error:
            raise PointsmanError(f"standard input is not text in {self.stdin.encoding} ({error})") from None
        return text
