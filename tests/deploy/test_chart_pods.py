"""Every pod meets the restricted Pod Security Standard, and ends in good order."""

import pytest

from deploy.chart import (
    A_TENANT,
    IMAGE_USER,
    VALUE_SETS,
    Manifest,
    Values,
    container_of,
    environment_of,
    of_kind,
    pods,
    rendered,
)
from deploy.deployments import SECRETS

ALLOWED_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
GRANIAN_EXTRA_SECONDS = 5
"""What `bursar api` gives its processes on top of the grace (src/entrypoints/cli/api.py)."""

EVERY_POD = [
    pytest.param(component, pod, id=f"{name}-{component}")
    for name, values in VALUE_SETS.items()
    for component, pod in pods(rendered(values)).items()
]
every_pod = pytest.mark.parametrize(("component", "pod"), EVERY_POD)
every_value_set = pytest.mark.parametrize("values", VALUE_SETS.values(), ids=VALUE_SETS)


def test_there_are_pods_to_look_at() -> None:
    assert len(EVERY_POD) == 3 + 3 + 2


@every_pod
def test_a_pod_meets_the_restricted_profile(component: str, pod: Manifest) -> None:
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    security = pod["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] == security["runAsGroup"] == IMAGE_USER
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"initContainers", "ephemeralContainers"} & pod.keys()
    for container in pod["containers"]:
        own = container["securityContext"]
        assert own["allowPrivilegeEscalation"] is False
        assert own["privileged"] is False
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert not {"runAsUser", "runAsNonRoot", "seccompProfile"} & own.keys(), "it could undo the pod's"
        assert all("hostPort" not in port for port in container.get("ports", []))
    for volume in pod["volumes"]:
        assert len(ALLOWED_VOLUMES & volume.keys()) == 1, volume


@every_pod
def test_a_pod_writes_to_its_small_tmp_alone(component: str, pod: Manifest) -> None:
    container = container_of(pod)
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    writable = {
        mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"] if not mount.get("readOnly")
    }
    assert writable.pop("/tmp")["emptyDir"]["sizeLimit"] == "64Mi"
    assert all("persistentVolumeClaim" in volume for volume in writable.values())


@every_pod
def test_a_pod_has_no_word_with_kubernetes(component: str, pod: Manifest) -> None:
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False, "a Service called bursar would set BURSAR_PORT"
    assert pod["serviceAccountName"] != "default"


@every_pod
def test_a_pod_says_what_it_needs_and_stays_within(component: str, pod: Manifest) -> None:
    resources = container_of(pod)["resources"]
    assert {"cpu", "memory"} <= resources["requests"].keys()
    assert {"cpu", "memory"} <= resources["limits"].keys()


@every_value_set
@pytest.mark.parametrize("component", ["api", "worker"])
def test_a_pod_is_not_killed_while_it_may_still_write(values: Values, component: str) -> None:
    manifests = rendered(values)
    pod = pods(manifests)[component]
    container = container_of(pod)
    (settings,) = (
        each["data"]
        for each in manifests
        if each["kind"] == "ConfigMap" and each["metadata"]["labels"]["app.kubernetes.io/component"] == component
    )
    before_the_signal = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    grace = float(settings["BURSAR_SHUTDOWN_GRACE_SECONDS"])
    assert pod["terminationGracePeriodSeconds"] > before_the_signal + grace + GRANIAN_EXTRA_SECONDS


@every_value_set
def test_an_api_leaves_the_service_before_it_stops_answering(values: Values) -> None:
    assert container_of(pods(rendered(values))["api"])["lifecycle"]["preStop"]["sleep"]["seconds"] >= 5


@every_value_set
@pytest.mark.parametrize("component", ["api", "worker"])
def test_liveness_asks_the_process_and_readiness_what_it_needs(values: Values, component: str) -> None:
    container = container_of(pods(rendered(values))[component])
    asked = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {name: get["path"] for name, get in asked.items()} == {
        "startup": "/live",
        "liveness": "/live",
        "readiness": "/ready",
    }
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert {ports[get["port"]] for get in asked.values()} == {values.get(component, {}).get("port", ports["http"])}


@every_value_set
@pytest.mark.parametrize("component", ["api", "worker"])
def test_replicas_keep_apart(values: Values, component: str) -> None:
    manifests = rendered(values)
    spread = pods(manifests)[component]["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    budget = of_kind(manifests, "PodDisruptionBudget")[component]["spec"]
    assert "minAvailable" not in budget, "with one replica it would block every drain"


def test_a_migration_comes_before_everything_and_brings_what_it_needs() -> None:
    manifests = rendered(VALUE_SETS["minimal"])
    hooks = {
        each["kind"]: int(each["metadata"]["annotations"]["helm.sh/hook-weight"])
        for each in manifests
        if each["metadata"].get("annotations", {}).get("helm.sh/hook") == "pre-install,pre-upgrade"
    }
    assert hooks.keys() == {"ServiceAccount", "NetworkPolicy", "Job"}
    assert hooks["Job"] > max(hooks["ServiceAccount"], hooks["NetworkPolicy"])
    pod = pods(manifests)["migrate"]
    assert "envFrom" not in container_of(pod), "the ConfigMaps do not exist yet"
    assert pod["serviceAccountName"] in {
        each["metadata"]["name"]
        for each in manifests
        if each["kind"] == "ServiceAccount" and "helm.sh/hook" in each["metadata"].get("annotations", {})
    }


def test_a_secret_goes_to_the_process_that_needs_it_and_to_no_other() -> None:
    seen: dict[str, set[str]] = {}
    for component, pod in pods(rendered(VALUE_SETS["full"])).items():
        container = container_of(pod)
        names = {each["valueFrom"]["secretKeyRef"]["name"] for each in container["env"] if "valueFrom" in each}
        names |= {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
        seen[component] = names
    assert seen == {
        "api": {"application-database", "queue", "sealing", "fulfilment", "pepper", "telemetry", "providers"},
        "worker": {"application-database", "queue", "sealing", "fulfilment", "signing", "providers"},
        "migrate": {"owner-database"},
    }


def test_the_signing_key_and_the_copies_are_where_the_settings_say() -> None:
    manifests = rendered(VALUE_SETS["full"])
    pod = pods(manifests)["worker"]
    environment = environment_of(manifests, "worker", SECRETS)
    mounts = {mount["name"]: mount["mountPath"] for mount in container_of(pod)["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    (item,) = volumes["checkpoint-key"]["secret"]["items"]
    assert environment["BURSAR_CHECKPOINT_KEY_FILE"] == f"{mounts['checkpoint-key']}/{item['path']}"
    assert item["key"] == "key.pem"
    assert environment["BURSAR_CHECKPOINT_DIRECTORY"] == mounts["checkpoints"]
    assert volumes["checkpoints"]["persistentVolumeClaim"] == {"claimName": "checkpoint-copies"}


@pytest.mark.parametrize("component", ["api", "worker"])
def test_the_providers_secrets_lie_in_their_tenants_folder(component: str) -> None:
    manifests = rendered(VALUE_SETS["full"])
    pod = pods(manifests)[component]
    (mount,) = [mount for mount in container_of(pod)["volumeMounts"] if mount["name"] == "gateway-secrets"]
    (volume,) = [volume for volume in pod["volumes"] if volume["name"] == "gateway-secrets"]
    assert environment_of(manifests, component, SECRETS)["BURSAR_SECRETS_DIRECTORY"] == mount["mountPath"]
    assert mount["readOnly"]
    assert volume["secret"]["secretName"] == "providers"
    assert volume["secret"]["items"] == [{"key": "mock", "path": f"{A_TENANT}/mock-api-key"}]
