"""Nothing comes in and nothing goes out but what was named."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from deploy.chart import FULL, MINIMAL, VALUE_SETS, Manifest, changed, of_kind, pods, rendered

METADATA_ADDRESSES = ["169.254.169.254", "fd00:ec2::254"]
INSIDE = ["10.1.2.3", "172.20.0.1", "192.168.1.1", "127.0.0.1", "100.64.0.1", "fd12::1", "fe80::1", "::1"]


def policies(values: dict[str, Any]) -> dict[str, Manifest]:
    """The network policies' rules, by the part of Bursar they are for; the one for all is ''."""
    return {part: policy["spec"] for part, policy in of_kind(rendered(values), "NetworkPolicy").items()}


def ports(rule: Manifest) -> set[tuple[str, int | str]]:
    """What a rule lets through."""
    return {(port["protocol"], port["port"]) for port in rule["ports"]}


def is_let_out(rules: list[Manifest], address: str) -> bool:
    """Whether a block of addresses in these rules holds *address*."""
    target = ip_address(address)
    blocks = [peer["ipBlock"] for rule in rules for peer in rule["to"] if "ipBlock" in peer]
    return any(
        target in ip_network(block["cidr"])
        and not any(
            target in ip_network(hole) for hole in block.get("except", []) if ip_network(hole).version == target.version
        )
        for block in blocks
        if ip_network(block["cidr"]).version == target.version
    )


def test_what_is_not_named_is_closed_both_ways_for_every_pod() -> None:
    closed = policies(MINIMAL)[""]
    assert closed["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & closed.keys()
    manifests = rendered(MINIMAL)
    workloads = of_kind(manifests, "Deployment") | of_kind(manifests, "Job")
    assert workloads.keys() == pods(manifests).keys() == {"api", "worker", "migrate"}
    for workload in workloads.values():
        assert (
            closed["podSelector"]["matchLabels"].items() <= workload["spec"]["template"]["metadata"]["labels"].items()
        )


@pytest.mark.parametrize(
    ("part", "ways"),
    [
        ("api", [{("UDP", 53), ("TCP", 53)}, {("TCP", 5432)}, {("TCP", 6379)}]),
        ("worker", [{("UDP", 53), ("TCP", 53)}, {("TCP", 5432)}, {("TCP", 6379)}]),
        ("migrate", [{("UDP", 53), ("TCP", 53)}, {("TCP", 5432)}]),
    ],
)
def test_a_pod_reaches_names_postgresql_and_redis_and_nothing_more(part: str, ways: list[object]) -> None:
    policy = policies(MINIMAL)[part]
    assert [ports(rule) for rule in policy["egress"]] == ways
    assert all(rule["to"] for rule in policy["egress"]), "a rule without `to` lets everything out"


def test_only_the_api_is_called_and_only_on_its_port() -> None:
    found = policies(MINIMAL)
    (rule,) = found["api"]["ingress"]
    assert rule["from"] == [{"podSelector": {}}]
    assert ports(rule) == {("TCP", "http")}
    assert "ingress" not in found["worker"]
    assert "ingress" not in found["migrate"]


def test_who_reads_metrics_reaches_both() -> None:
    found = policies(FULL)
    metrics = FULL["networkPolicy"]["metrics"]
    assert found["api"]["ingress"][0]["from"] == FULL["networkPolicy"]["clients"] + metrics
    assert found["worker"]["ingress"][0]["from"] == metrics


@pytest.mark.parametrize("part", ["api", "worker"])
def test_the_way_to_public_addresses_leads_neither_inside_nor_to_the_clouds_metadata(part: str) -> None:
    rules = policies(changed(FULL, {"networkPolicy": {"egress": []}}))[part]["egress"]
    for public in ("203.0.114.7", "2606:4700::1"):
        assert is_let_out(rules, public)
    for address in METADATA_ADDRESSES + INSIDE:
        assert not is_let_out(rules, address), address


def test_a_migration_has_no_way_out_but_to_its_database() -> None:
    assert len(policies(FULL)["migrate"]["egress"]) == 2


def test_without_network_policies_none_is_rendered() -> None:
    assert policies(VALUE_SETS["small"]) == {}
