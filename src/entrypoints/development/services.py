"""What runs on a development stack: the API, a worker, and the outside world they talk to."""

import asyncio
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from entrypoints.development.api_process import ApiProcess
from entrypoints.development.fulfilment_process import FulfilmentProcess
from entrypoints.development.provider import DevelopmentProvider
from entrypoints.development.service_process import ServiceProcess
from entrypoints.development.simulator_process import SimulatorProcess
from entrypoints.development.stack import DevelopmentStack
from entrypoints.development.worker_process import WorkerProcess
from entrypoints.embedded.free_port import free_port
from entrypoints.embedded.secret_file import secret_in


@dataclass(slots=True)
class DevelopmentServices:
    """
    All of them for the time of one block, each with its log in the stack's folder.

    Attributes:
        stack: Started before.
        port: Of the API; a free one, unless said.
        workers: API processes.
    """

    stack: DevelopmentStack
    port: int = 0
    workers: int = 1
    environment: dict[str, str] = field(default_factory=dict[str, str])
    provider: DevelopmentProvider | None = None
    _running: list[ServiceProcess] = field(default_factory=list[ServiceProcess])
    _api: ApiProcess | None = None

    @property
    def api(self) -> ApiProcess:
        """The API, once it runs."""
        if self._api is None:
            raise RuntimeError("the services were not started")
        return self._api

    @property
    def simulator(self) -> SimulatorProcess:
        """The payment provider, once it runs."""
        if self.provider is None:
            raise RuntimeError("the services were not started")
        return self.provider.simulator

    @property
    def ended(self) -> ServiceProcess | None:
        """One that ended by itself, if one did."""
        return next((service for service in self._running if service.has_ended()), None)

    async def __aenter__(self) -> Self:
        """
        Start them; a worker only where there is a Redis.

        Raises:
            ServiceDidNotStart: If one is not ready in time, or its port is taken.
        """
        home = self.stack.home
        token = secret_in(home / "fulfilment.token")
        fulfilment = FulfilmentProcess(
            port=free_port(), journal=home / "fulfilment.sqlite", log=home / "fulfilment.log", token=token
        )
        simulator = SimulatorProcess(port=free_port(), log=home / "simulator.log", journal=home / "simulator.sqlite")
        self.provider = DevelopmentProvider(simulator, home / "secrets")
        self.provider.prepare()
        self.environment = self.stack.environment | {
            "BURSAR_SECRETS_DIRECTORY": str(self.provider.secrets),
            "BURSAR_FULFILMENT_URL": fulfilment.base_url,
            "BURSAR_FULFILMENT_TOKEN": token,
            "BURSAR_WEBHOOK_LOOPBACK_ALLOWED": "true",
        }
        self._api = ApiProcess(
            self.environment, port=self.port or free_port(), log=home / "api.log", workers=self.workers
        )
        services: list[ServiceProcess] = [fulfilment, simulator, self._api]
        if "BURSAR_REDIS_URL" in self.environment:
            services.append(WorkerProcess(self.environment, port=free_port(), log=home / "worker.log"))
        self._running = services
        try:
            started = await asyncio.gather(*(service.start() for service in services), return_exceptions=True)
            for failed in (one for one in started if one is not None):
                raise failed
            await self.provider.open(self._api.base_url, self.stack.keys.admin_key)
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop them all."""
        await self._stop()

    async def _stop(self) -> None:
        await asyncio.gather(*(service.stop() for service in self._running))
