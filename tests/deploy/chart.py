"""The chart as Kubernetes would get it: rendered offline by Helm's own library."""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import helm_python
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "bursar"
RELEASE = "pay"
IMAGE_USER = 10001

Manifest = dict[str, Any]
Values = dict[str, Any]

MINIMAL: Values = {
    "image": {"repository": "registry.example/bursar"},
    "secrets": {
        "database": {"existingSecret": "application-database"},
        "migrationDatabase": {"existingSecret": "owner-database"},
        "redis": {"existingSecret": "queue"},
        "apiKeyPepper": {"existingSecret": "pepper"},
        "encryptionKey": {"existingSecret": "sealing"},
    },
    "networkPolicy": {
        "postgresql": {"to": [{"podSelector": {"matchLabels": {"app": "postgresql"}}}]},
        "redis": {"to": [{"ipBlock": {"cidr": "10.0.0.7/32"}}]},
    },
}
"""What has no default."""


def changed(values: Values, changes: Values) -> Values:
    """These values with those on top; lists are replaced, mappings are merged."""
    merged = deepcopy(values)
    for name, value in changes.items():
        merged[name] = changed(merged.get(name, {}), value) if isinstance(value, dict) else value
    return merged


A_TENANT = "01a1fa0d-1fee-7317-98fb-cd925db56d7c"

FULL = changed(
    MINIMAL,
    {
        "image": {"digest": "sha256:" + "0123456789abcdef" * 4, "pullPolicy": "Always"},
        "imagePullSecrets": [{"name": "registry"}],
        "fullnameOverride": "wallets",
        "secrets": {
            "checkpointKey": {"existingSecret": "signing", "key": "key.pem"},
            "fulfilmentToken": {"existingSecret": "fulfilment"},
            "gateways": {"existingSecret": "providers", "items": [{"key": "mock", "path": f"{A_TENANT}/mock-api-key"}]},
            "redis": {"key": "address"},
        },
        "checkpoints": {"existingClaim": "checkpoint-copies"},
        "settings": {
            "logLevel": "debug",
            "databasePoolSize": 25,
            "fulfilmentUrl": "https://orders.example/handed-over",
            "webhookDeniedNetworks": ["100.100.0.0/16", "2001:db8::/32"],
        },
        "api": {
            "replicas": 5,
            "processes": 2,
            "port": 9000,
            "shutdownGraceSeconds": 20,
            "preStopSeconds": 15,
            "maxUnavailable": "25%",
            "extraEnv": [
                {"name": "OTEL_SERVICE_NAME", "value": "bursar"},
                {"name": "SOME_TOKEN", "valueFrom": {"secretKeyRef": {"name": "telemetry", "key": "token"}}},
            ],
            "resources": {"requests": {"cpu": "3", "memory": "1Gi"}, "limits": {"cpu": "4", "memory": "2Gi"}},
            "podAnnotations": {"example.org/scrape": "true"},
            "podLabels": {"team": "wallets"},
            "nodeSelector": {"kubernetes.io/arch": "amd64"},
            "tolerations": [{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}],
            "affinity": {"podAntiAffinity": {}},
            "priorityClassName": "important",
        },
        "worker": {
            "replicas": 3,
            "port": 9001,
            "concurrency": 8,
            "extraEnv": [{"name": "OTEL_SERVICE_NAME", "value": "bursar"}],
        },
        "migrate": {"attempts": 1, "extraEnv": [{"name": "PGSSLROOTCERT", "value": "/tmp/ca.pem"}]},
        "service": {"type": "LoadBalancer", "port": 8443, "annotations": {"example.org/internal": "true"}},
        "serviceAccount": {"annotations": {"example.org/identity": "bursar"}},
        "networkPolicy": {
            "clients": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}],
            "metrics": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
            "egress": [{"to": [{"ipBlock": {"cidr": "10.9.9.9/32"}}], "ports": [{"protocol": "TCP", "port": 3128}]}],
            "publicHttps": True,
        },
    },
)
"""Everything switched on or changed."""

SMALL = changed(
    MINIMAL,
    {
        "image": {"tag": "edge"},
        "api": {"replicas": 1},
        "worker": {"replicas": 1},
        "migrate": {"enabled": False},
        "networkPolicy": {"enabled": False},
    },
)
"""As little as possible."""

VALUE_SETS = {"minimal": MINIMAL, "full": FULL, "small": SMALL}


def rendered(values: Values) -> list[Manifest]:
    """
    The manifests of an installation with these values.

    Raises:
        helm_python.HelmError: If the chart refuses them; the message says why.
    """
    return [
        manifest
        for path, text in sorted(_texts(json.dumps(values)).items())
        if path.endswith(".yaml")
        for manifest in yaml.load_all(text, Loader=yaml.CSafeLoader)
        if manifest
    ]


def notes(values: Values) -> str:
    """What Helm tells whoever installed it."""
    return _texts(json.dumps(values))["bursar/templates/NOTES.txt"]


@cache
def _texts(values: str) -> dict[str, str]:
    with helm_python.Chart.load(CHART) as chart:
        return chart.render(json.loads(values), name=RELEASE, namespace="money", is_install=True)


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    """Those of one kind, by the part of Bursar they belong to."""
    return {
        manifest["metadata"]["labels"].get("app.kubernetes.io/component", ""): manifest
        for manifest in manifests
        if manifest["kind"] == kind
    }


def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """The pod specifications of api, worker and migrate."""
    return {
        component: manifest["spec"]["template"]["spec"]
        for component, manifest in (of_kind(manifests, "Deployment") | of_kind(manifests, "Job")).items()
    }


def container_of(pod: Manifest) -> Manifest:
    """Its only container."""
    (container,) = pod["containers"]
    found: Manifest = container
    return found


def environment_of(manifests: list[Manifest], component: str, secrets: dict[tuple[str, str], str]) -> dict[str, str]:
    """
    What the process finds in its environment, when the Secrets hold this.

    Raises:
        KeyError: For a Secret, a key or a ConfigMap that is not there.
    """
    maps = {each["metadata"]["name"]: each["data"] for each in manifests if each["kind"] == "ConfigMap"}
    container = container_of(pods(manifests)[component])
    environment: dict[str, str] = {}
    for source in container.get("envFrom", []):
        environment |= maps[source["configMapRef"]["name"]]
    for name, variable in variables_of(container):
        if "value" in variable:
            environment[name] = variable["value"]
        else:
            reference = variable["valueFrom"]["secretKeyRef"]
            environment[name] = secrets[reference["name"], reference["key"]]
    return environment


def variables_of(container: Manifest) -> Iterator[tuple[str, Manifest]]:
    """The variables that its manifest names one by one."""
    for variable in container.get("env", []):
        yield variable["name"], variable
