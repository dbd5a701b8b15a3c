"""The variables by which engines and their clients are told an address: OLLAMA_HOST and its like."""

from collections.abc import Iterator, Mapping, Sequence

from pointsman.catalogue.row import Provider
from pointsman.discovery.spots import Address, Spot, read_address, read_port
from pointsman.types import FoundBy


class Environment:
    """What it names elsewhere is never visited: it is told how to name that place in the configuration."""

    def __init__(self, rows: Sequence[Provider], environ: Mapping[str, str]) -> None:
        told = [(row, *words) for row in rows for words in _told(row, environ)]
        self._spots = tuple(
            Spot(place, FoundBy.ENVIRONMENT, row)
            for row, _, address in told
            if address and (place := address.place)
        )
        self.looked_for = tuple(_words(*words) for words in told)

    async def spots(self) -> Sequence[Spot]:
        return self._spots


def _told(row: Provider, environ: Mapping[str, str]) -> Iterator[tuple[str, Address | None]]:
    """Each variable that is set, and the address it means, if any: its text may hold a password."""
    ports = [(name, read_port(text)) for name, text in _set(row.port_env, environ)]
    usual = next((port for port in (*dict(ports).values(), *row.ports) if port), 0)
    hosts = [(name, read_address(text, usual)) for name, text in _set(row.host_env, environ)]
    yield from hosts or ((name, Address(port=port)) for name, port in ports)


def _set(names: Sequence[str], environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, text) for name in names if (text := environ.get(name, "").strip()))


def _words(row: Provider, variable: str, address: Address | None) -> str:
    if address is None or (address.place is None and not address.host):
        return f"nothing for {variable}: it holds no address"
    if address.place:
        return f"{row.title} at {address.place} ({variable})"
    return (
        f"nothing at {address} ({variable}): that is not this machine, and Pointsman goes there only if the "
        f'configuration says so: [providers.NAME] with kind = "{row.dialect}", api_base = "{address}/v1" and '
        'tier = "free" (or "paid")'
    )
