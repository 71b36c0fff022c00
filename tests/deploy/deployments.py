"""What a process is given in a deployment: its arguments, its environment, and where it is asked how it does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.chart import Values, container_of, environment_of, pods, rendered
from deploy.compose import VARIABLES, services

DATABASE, OWNER_DATABASE, REDIS = "postgresql://application", "postgresql://owner", "redis://queue"
SECRETS = {
    ("application-database", "url"): DATABASE,
    ("owner-database", "url"): OWNER_DATABASE,
    ("queue", "url"): REDIS,
    ("queue", "address"): REDIS,
    ("pepper", "pepper"): VARIABLES["BURSAR_API_KEY_PEPPER"],
    ("sealing", "key"): VARIABLES["BURSAR_ENCRYPTION_KEY"],
    ("fulfilment", "token"): "fulfilment-token",
    ("telemetry", "token"): "token",
}
"""What the Secrets of the value sets hold."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """One process of Bursar, as a deployment starts it."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    asked_at: frozenset[str]
    """Paths of its probes."""
    port: int | None
    """Where the probes ask."""


def in_the_cluster(values: Values, component: str) -> Deployed:
    """A process of the chart."""
    manifests = rendered(values)
    container = container_of(pods(manifests)[component])
    paths = {container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
    return Deployed(
        arguments=tuple(container["args"]),
        environment=environment_of(manifests, component, SECRETS),
        asked_at=frozenset(paths),
        port=container["ports"][0]["containerPort"] if "ports" in container else None,
    )


def on_one_machine(component: str) -> Deployed:
    """A process of docker-compose.yml."""
    service: dict[str, Any] = services(VARIABLES)[component]
    asked = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", " ".join(service.get("healthcheck", {}).get("test", [])))
    return Deployed(
        arguments=tuple(service["command"]),
        environment=service["environment"],
        asked_at=frozenset({asked[2]} if asked else ()),
        port=int(asked[1]) if asked else None,
    )
