"""The chart is sound: Helm's linter and the schemas of Kubernetes find nothing to say."""

import re
import tomllib
from collections import Counter
from typing import Any

import helm_python
import kubernetes_validate
import pytest
import yaml

from deploy.chart import (
    CHART,
    FULL,
    MINIMAL,
    ROOT,
    VALUE_SETS,
    Values,
    changed,
    container_of,
    notes,
    of_kind,
    pods,
    rendered,
    variables_of,
)

INFORMATION = 1
NEWEST_KUBERNETES = "1.37"

every_value_set = pytest.mark.parametrize("values", VALUE_SETS.values(), ids=VALUE_SETS)


def oldest_kubernetes() -> str:
    """The oldest version that the chart says it works with."""
    found = re.fullmatch(r">=(\d+\.\d+)\.0-0", yaml.safe_load((CHART / "Chart.yaml").read_text())["kubeVersion"])
    assert found is not None
    return found[1]


@every_value_set
def test_helm_finds_nothing_to_say(values: Values) -> None:
    report = helm_python.lint(CHART, values, strict=True)
    assert report["errors"] == []
    assert [each for each in report["messages"] if each["severity"] > INFORMATION] == []


@every_value_set
@pytest.mark.parametrize("version", [oldest_kubernetes(), NEWEST_KUBERNETES])
def test_kubernetes_understands_every_manifest_to_the_last_field(values: Values, version: str) -> None:
    for manifest in rendered(values):
        kubernetes_validate.validate(manifest, version, strict=True)


@every_value_set
def test_a_name_is_given_once(values: Values) -> None:
    names = Counter((each["kind"], each["metadata"]["name"]) for each in rendered(values))
    assert [name for name, count in names.items() if count > 1] == []


@every_value_set
def test_no_secret_is_rendered(values: Values) -> None:
    assert [each["metadata"]["name"] for each in rendered(values) if each["kind"] == "Secret"] == []


@every_value_set
def test_what_selects_pods_selects_the_pods_of_its_own_part(values: Values) -> None:
    manifests = rendered(values)
    labels = {
        component: manifest["spec"]["template"]["metadata"]["labels"]
        for component, manifest in of_kind(manifests, "Deployment").items()
    }
    selectors: list[tuple[str, dict[str, str]]] = [("api", of_kind(manifests, "Service")["api"]["spec"]["selector"])]
    for kind in ("Deployment", "PodDisruptionBudget"):
        parts = of_kind(manifests, kind)
        assert set(parts) == {"api", "worker"}
        selectors += [(component, part["spec"]["selector"]["matchLabels"]) for component, part in parts.items()]
    for own, selector in selectors:
        assert [component for component, has in labels.items() if selector.items() <= has.items()] == [own]


def test_the_chart_is_of_the_version_it_installs() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ({"image": {"repository": ""}}, "image.repository"),
        ({"secrets": {"database": {"existingSecret": ""}}}, "secrets.database.existingSecret"),
        ({"secrets": {"migrationDatabase": {"existingSecret": ""}}}, "secrets.migrationDatabase.existingSecret"),
        ({"secrets": {"redis": {"existingSecret": ""}}}, "secrets.redis.existingSecret"),
        ({"secrets": {"apiKeyPepper": {"existingSecret": ""}}}, "secrets.apiKeyPepper.existingSecret"),
        ({"secrets": {"encryptionKey": {"existingSecret": ""}}}, "secrets.encryptionKey.existingSecret"),
        ({"checkpoints": {"existingClaim": "copies"}}, "secrets.checkpointKey.existingSecret"),
        ({"networkPolicy": {"postgresql": {"to": []}}}, "networkPolicy.postgresql.to"),
        ({"networkPolicy": {"redis": {"to": []}}}, "networkPolicy.redis.to"),
    ],
)
def test_what_is_missing_is_named(missing: Values, told: str) -> None:
    with pytest.raises(
        helm_python.HelmRenderError, match=re.escape(f"Bursar cannot be installed without:\n  - {told}:")
    ):
        rendered(changed(MINIMAL, missing))


def test_all_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(helm_python.HelmRenderError) as refusal:
        rendered({})
    assert str(refusal.value).count("\n  - ") == 8


@pytest.mark.parametrize(
    "wrong",
    [
        {"replicas": 3},
        {"api": {"replica": 3}},
        {"api": {"replicas": "3"}},
        {"api": {"port": 80}},
        {"api": {"resources": {"limits": None}}},
        {"image": {"digest": "latest"}},
        {"settings": {"logLevel": "loud"}},
        {"settings": {"databasePoolSize": 0}},
        {"settings": {"webhookDeniedNetworks": ["10.0.0.0"]}},
        {"secrets": {"database": {"url": "postgresql://…"}}},
    ],
    ids=str,
)
def test_a_value_that_makes_no_sense_is_refused(wrong: Values) -> None:
    with pytest.raises(helm_python.HelmError):
        rendered(changed(MINIMAL, wrong))


@pytest.mark.parametrize(
    ("component", "name"),
    [
        ("api", "BURSAR_DATABASE_URL"),
        ("api", "BURSAR_PORT"),
        ("worker", "BURSAR_WORKER_PORT"),
        ("migrate", "BURSAR_DATABASE_URL"),
    ],
)
def test_a_variable_of_the_charts_own_cannot_be_set_twice(component: str, name: str) -> None:
    twice: Values = {component: {"extraEnv": [{"name": name, "value": "x"}]}}
    with pytest.raises(helm_python.HelmRenderError, match=f"{component}.extraEnv: {name} is set by the chart"):
        rendered(changed(MINIMAL, twice))


def test_an_image_is_named_by_digest_rather_than_by_tag() -> None:
    def images(values: Values) -> set[str]:
        return {each["image"] for pod in pods(rendered(values)).values() for each in pod["containers"]}

    assert images(MINIMAL) == {"registry.example/bursar:0.1.0"}
    assert images(changed(MINIMAL, {"image": {"tag": "edge"}})) == {"registry.example/bursar:edge"}
    assert images(changed(FULL, {"image": {"tag": "edge"}})) == {
        f"registry.example/bursar@{FULL['image']['digest']}",
    }


def test_what_the_values_say_is_what_is_rendered() -> None:
    manifests = rendered(FULL)
    api, worker = (of_kind(manifests, "Deployment")[component] for component in ("api", "worker"))
    assert (api["spec"]["replicas"], worker["spec"]["replicas"]) == (5, 3)
    template: dict[str, Any] = api["spec"]["template"]
    assert template["metadata"]["labels"]["team"] == "wallets"
    assert template["metadata"]["annotations"]["example.org/scrape"] == "true"
    pod = template["spec"]
    for name in ("nodeSelector", "tolerations", "affinity", "priorityClassName"):
        assert pod[name] == FULL["api"][name]
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    (container,) = pod["containers"]
    for bound, amounts in FULL["api"]["resources"].items():
        assert amounts.items() <= container["resources"][bound].items()
    for variable in FULL["api"]["extraEnv"]:
        assert variable in container["env"]
    assert of_kind(manifests, "Service")["api"]["spec"]["type"] == "LoadBalancer"


def test_other_settings_make_other_pods() -> None:
    def stamps(values: Values) -> list[str]:
        templates = [each["spec"]["template"] for each in of_kind(rendered(values), "Deployment").values()]
        return [template["metadata"]["annotations"]["bursar/settings"] for template in templates]

    before, after = stamps(MINIMAL), stamps(changed(MINIMAL, {"settings": {"logLevel": "debug"}}))
    assert set(before).isdisjoint(after)
    assert stamps(MINIMAL) == before


def test_the_notes_warn_of_what_was_left_open() -> None:
    assert "networkPolicy.enabled is false" in notes(VALUE_SETS["small"])
    assert "WARNING" not in notes(FULL)


def test_the_example_in_the_documentation_is_enough() -> None:
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    manifests = rendered(yaml.safe_load(example.replace("sha256:…", "sha256:" + "0" * 64)))
    made = set(re.findall(r"create secret generic (\S+) --from-file=(\w+)=", page))
    wanted = {
        (reference["name"], reference["key"])
        for pod in pods(manifests).values()
        for _, variable in variables_of(container_of(pod))
        if (reference := variable.get("valueFrom", {}).get("secretKeyRef"))
    }
    assert wanted == made
