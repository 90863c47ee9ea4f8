"""The Helm chart: rendered and linted by Helm itself, its objects held against the schemas of Kubernetes."""

from __future__ import annotations

import re
import shutil
from itertools import chain
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from kombu.transport.redis import Channel

from sync_tasks.queues import PATIENT, shard_queue
from tests.deploy.commands import DEPLOY, no_settings, understood, variables_in
from tests.deploy.helm import ChartError, Helm

CHART = DEPLOY / "helm" / "inbox-sync"
KUBERNETES = ("1.27", "1.33", "1.37")
OWN_SCHEMAS = {"keda.sh/v1alpha1"}  # of an operator: no part of Kubernetes

TWO_GROUPS = {
    "groups": [
        {"name": "first", "shards": [0, 1], "replicas": 1, "minReplicas": 1, "maxReplicas": 4},
        {"name": "rest", "shards": [2, 3, 4], "replicas": 2, "minReplicas": 2, "maxReplicas": 8},
    ]
}
KEDA = {"kind": "keda", "keda": {"redisAddress": "redis:6379", "passwordSecret": {"name": "redis", "key": "password"}}}
VARIANTS: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "two groups, autoscaled by KEDA": {"shards": 5, "worker": TWO_GROUPS, "autoscaling": KEDA},
    "everything else": {
        "autoscaling": {"kind": "none"},
        "imagePullSecrets": [{"name": "registry"}],
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 1, "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname", "labelSelector": {}}}]}},
        "podAnnotations": {"a/b": "c"},
        "podLabels": {"team": "mail"},
        "extraEnv": [{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://collector:4318"}],
        "serviceAccount": {"annotations": {"a": "b"}},
        "settings": {"public_url": "https://sync.example.com", "traces": "otlp", "jitter": 0.2},
        "networkPolicy": {
            "webFrom": [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}],
            "flowerFrom": [{"podSelector": {"matchLabels": {"app": "proxy"}}}],
            "extraEgress": [{"ports": [{"port": 587, "protocol": "TCP"}]}],
        },
        "web": {"ingress": {
            "enabled": True, "className": "nginx", "tlsSecret": "tls", "annotations": {"x": "y"},
            "host": "sync.example.com"}},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def with_hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart with its hook as an ordinary object, because hooks are told apart from what a template renders."""
    copy = tmp_path_factory.mktemp("chart") / "inbox-sync"
    shutil.copytree(CHART, copy)
    job = copy / "templates" / "migrations.yaml"
    job.write_text(re.sub(r"(?m)^ +helm\.sh/hook.*\n", "", job.read_text()).replace("  annotations:\nspec", "spec"))
    return copy


def objects(helm: Helm, chart: Path, variant: str = "as it comes") -> list[dict[str, Any]]:
    return helm.template(chart, **VARIANTS[variant])


def pods(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each["spec"]["template"]["spec"] for each in made if each["kind"] in ("Deployment", "Job")]


@pytest.mark.parametrize("variant", VARIANTS)
def test_helm_has_nothing_to_complain_about(helm: Helm, variant: str) -> None:
    assert '"passed": true' in helm.lint(CHART, **VARIANTS[variant])


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_object_keeps_the_schema_of_kubernetes(helm: Helm, with_hooks: Path, variant: str, version: str) -> None:
    made = objects(helm, with_hooks, variant)
    assert {each["kind"] for each in made} >= {"Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy", "Job"}
    for each in made:
        if each["apiVersion"] not in OWN_SCHEMAS:
            kubernetes_validate.validate(each, version, strict=True)


def test_a_field_that_kubernetes_does_not_know_is_found(helm: Helm) -> None:
    """The proof that the test above can fail."""
    deployment = next(each for each in objects(helm, CHART) if each["kind"] == "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, KUBERNETES[-1], strict=True)


@pytest.mark.parametrize("variant", VARIANTS)
def test_pods_are_nobody_and_write_nowhere_but_to_what_may_be_lost(helm: Helm, with_hooks: Path, variant: str) -> None:
    for pod in pods(objects(helm, with_hooks, variant)):
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        writable = {each["name"] for each in container["volumeMounts"] if not each.get("readOnly")}
        assert {each["name"] for each in pod["volumes"] if "emptyDir" in each} == writable


def test_secrets_are_files_and_never_variables(helm: Helm, with_hooks: Path) -> None:
    for pod in pods(objects(helm, with_hooks, "everything else")):
        container = pod["containers"][0]
        assert not any("secretKeyRef" in str(each) for each in container.get("env", []))
        assert not any("secretRef" in each for each in container.get("envFrom", []))
        assert any("secret" in each for each in pod["volumes"])


def test_the_program_understands_every_command_and_every_variable(helm: Helm, with_hooks: Path) -> None:
    made = objects(helm, with_hooks, "two groups, autoscaled by KEDA")
    told = {understood(pod["containers"][0]["args"]) for pod in pods(made)}
    assert told == {"worker", "beat", "web", "flower", "db upgrade"}
    (settings,) = (each["data"] for each in made if each["kind"] == "ConfigMap")
    named = set(chain(settings, *(variables_in(str(pod)) for pod in pods(made))))
    assert no_settings(named) == set()
    assert no_settings(re.findall(r"inbox_sync_[a-z_]+", (CHART / "values.yaml").read_text())) == set()


def test_every_group_serves_its_shards_and_scales_by_their_queues(helm: Helm) -> None:
    made = objects(helm, CHART, "two groups, autoscaled by KEDA")
    shards = {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]["containers"][0]["args"][-1]
        for each in made
        if each["kind"] == "Deployment" and "-worker-" in each["metadata"]["name"]
    }
    assert shards == {"sync-worker-first": "0,1", "sync-worker-rest": "2,3,4"}
    scaled = {
        each["spec"]["scaleTargetRef"]["name"]: [t["metadata"]["listName"] for t in each["spec"]["triggers"]]
        for each in made
        if each["kind"] == "ScaledObject"
    }
    assert scaled == {"sync-worker-first": _lists(0, 1), "sync-worker-rest": _lists(2, 3, 4)}
    budgets = {each["metadata"]["name"] for each in made if each["kind"] == "PodDisruptionBudget"}
    assert budgets == {*shards, "sync-web"}


def _lists(*shards: int) -> list[str]:
    """Where Redis keeps the messages of the shards, of the usual priority and of the lower one."""
    return [f"{shard_queue(n)}{lower}" for n in shards for lower in ("", f"{Channel.sep}{PATIENT}")]


def test_a_shard_that_nobody_serves_is_refused(helm: Helm) -> None:
    with pytest.raises(ChartError, match="shard 5 is served by no group"):
        helm.template(CHART, shards=6, worker=TWO_GROUPS)


def test_keda_without_the_address_of_redis_is_refused(helm: Helm) -> None:
    with pytest.raises(ChartError, match="redisAddress says where Redis is"):
        helm.template(CHART, autoscaling={"kind": "keda"})


def test_a_mistyped_kind_of_autoscaling_is_refused(helm: Helm) -> None:
    with pytest.raises(ChartError, match="kind"):
        helm.template(CHART, autoscaling={"kind": "vpa"})


def test_selectors_find_the_pods_they_are_meant_for(helm: Helm) -> None:
    made = objects(helm, CHART, "two groups, autoscaled by KEDA")
    deployments = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
        for each in made
        if each["kind"] == "Deployment"
    }
    for each in made:
        spec = each.get("spec", {})
        found = (
            spec.get("selector", {}).get("matchLabels")
            or spec.get("podSelector", {}).get("matchLabels")
            or (spec.get("selector") if each["kind"] == "Service" else None)
        )
        if found is not None:
            matched = [name for name, labels in deployments.items() if found.items() <= labels.items()]
            everybody = each["kind"] == "NetworkPolicy" and each["metadata"]["name"] == "sync"
            assert matched == (list(deployments) if everybody else [each["metadata"]["name"]])


def test_probes_ask_for_what_is_served(helm: Helm) -> None:
    probes = {
        each["metadata"]["name"]: {
            kind: probe["httpGet"]["path"]
            for kind, probe in each["spec"]["template"]["spec"]["containers"][0].items()
            if kind.endswith("Probe") and "httpGet" in probe
        }
        for each in objects(helm, CHART)
        if each["kind"] == "Deployment"
    }
    assert probes["sync-web"] == {
        "startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz",
    }  # fmt: skip
    assert probes["sync-flower"] == {"livenessProbe": "/healthcheck", "readinessProbe": "/healthcheck"}
    assert probes["sync-beat"] == {}


def test_no_policy_lets_anybody_to_flower_unless_told_whom(helm: Helm) -> None:
    policies = {
        each["metadata"]["name"]: each["spec"] for each in objects(helm, CHART) if each["kind"] == "NetworkPolicy"
    }
    assert set(policies) == {"sync", "sync-web"}
    assert policies["sync"]["ingress"] == []
    ports = {port["port"] for rule in policies["sync"]["egress"] for port in rule["ports"]}
    assert ports == {53, 5432, 6379, 443}
