"""The payment provider simulator as a child process, for development, the demo and the tests."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from entrypoints.development.service_process import ServiceProcess

_CONTROL_TIMEOUT_SECONDS = 70.0


class SimulatorProcess(ServiceProcess):
    """`python -m entrypoints.simulator`, with its control at hand; what it has answered is in its journal."""

    title = "the simulator"
    ready_path = "/_control/clock"

    def __init__(self, *, port: int, log: Path, journal: Path | None = None, seed: int = 0) -> None:
        """Listen on *port*; keep the truth in *journal*, or in memory; output goes to *log*."""
        super().__init__({}, port=port, log=log)
        self.journal = journal
        self._seed = seed

    async def open_account(self, account_id: str, *, api_keys: Sequence[str], **settings: Any) -> None:
        """
        Open a merchant's account, or change it: see ``PUT /_control/accounts/{id}`` in docs/simulator.md.

        Raises:
            httpx.HTTPError: If the simulator cannot be reached, or refuses.
        """
        await self.control("PUT", f"/accounts/{account_id}", {"api_keys": list(api_keys), **settings})

    async def advance_clock(self, seconds: float) -> None:
        """
        Set its clock forward; what is due by then is done on return.

        Raises:
            httpx.HTTPError: If the simulator cannot be reached, or refuses.
        """
        await self.control("POST", "/clock/advance", {"seconds": seconds})

    async def truth(self, **query: str | int) -> list[dict[str, Any]]:
        """
        Entries of its truth journal: see ``GET /_control/journal``.

        Raises:
            httpx.HTTPError: If the simulator cannot be reached, or refuses.
        """
        entries: list[dict[str, Any]] = (await self.control("GET", "/journal", query=query))["data"]
        return entries

    async def control(
        self, method: str, path: str, body: object = None, *, query: Mapping[str, str | int] | None = None
    ) -> Any:
        """
        Ask its control; the answer's document, or None if it has none.

        Raises:
            httpx.HTTPError: If the simulator cannot be reached, or refuses.
        """
        # Plain HTTP on this machine: no certificates, which take longer to load than the call takes.
        async with httpx.AsyncClient(
            base_url=self.base_url,
            timeout=_CONTROL_TIMEOUT_SECONDS,
            verify=False,  # noqa: S501 - see above
        ) as client:
            answer = await client.request(method, f"/_control{path}", json=body, params=query)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def command(self) -> Sequence[str]:
        """Program and arguments."""
        command = [sys.executable, "-m", "entrypoints.simulator", "--port", str(self.port), "--seed", str(self._seed)]
        return command if self.journal is None else [*command, "--journal", str(self.journal)]
