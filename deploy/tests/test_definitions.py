"""The task definitions as they would go to ECS, for every size, kind of machine and processor."""

import dataclasses
import itertools
import tomllib
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from deploy import definitions
from deploy.environments import HERE, ROLES, Environment
from deploy.errors import DeployError

SIZES = list(tomllib.loads((HERE / "sizes.toml").read_text(encoding="utf-8")))
# What Fargate sells: MiB of memory for so many CPU units.
FARGATE = {
    256: {512, 1024, 2048},
    512: {1024 * gib for gib in range(1, 5)},
    1024: {1024 * gib for gib in range(2, 9)},
    2048: {1024 * gib for gib in range(4, 17)},
    4096: {1024 * gib for gib in range(8, 31)},
}
OUTPUTS = {
    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/esa-production-execution",
    "TaskRoleArn": "arn:aws:iam::123456789012:role/esa-production-task",
    "LogGroup": "/esa/production",
    "MediaBucket": "media",
    "StaticBucket": "static",
    "BackupBucket": "backup",
    "AssetsDomain": "d1.cloudfront.net",
    "MediaKeyId": "K1",
    "SecretKeyArn": "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:esa/production/secret-key-1",
    "DatabaseUrlArn": "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:esa/production/database-url-1",
    "RedisUrlArn": "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:esa/production/redis-url-1",
    "MetricsTokenArn": "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:esa/production/metrics-token-1",
    "EmailUrlArn": "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:esa/production/email-url-1",
}
IMAGE = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/esa@sha256:" + "ab" * 32


def environment(size: str = "small", **given: Any) -> Environment:
    sizes = tomllib.loads((HERE / "sizes.toml").read_text(encoding="utf-8"))
    own = {"parameters": sizes[size]["parameters"], "tasks": sizes[size]["tasks"]}
    return Environment("production", "ap-northeast-1", "example.com", "Z1", size, **{**own, **given})


def rendered(role: str, size: str = "small", **given: Any) -> dict[str, Any]:
    return definitions.render(role, IMAGE, environment(size, **given), OUTPUTS)


@pytest.fixture(scope="module")
def shape() -> Any:
    return botocore.session.Session().get_service_model("ecs").operation_model("RegisterTaskDefinition").input_shape


@pytest.mark.parametrize("role", [*ROLES, "run"])
def test_every_definition_is_one_that_ecs_takes(role: str, shape: Any) -> None:
    for size, launch, processor in itertools.product(SIZES, ("FARGATE", "EC2"), ("ARM64", "X86_64")):
        definition = rendered(role, size, launch=launch, architecture=processor)
        report = ParamValidator().validate(definition, shape)
        assert not report.has_errors(), report.generate_report()
        assert definition["requiresCompatibilities"] == [launch]
        assert definition["runtimePlatform"]["cpuArchitecture"] == processor
        assert int(definition["memory"]) in FARGATE[int(definition["cpu"])]
        used = sum(container["memory"] for container in definition["containerDefinitions"])
        assert used <= int(definition["memory"])
        assert ("ephemeralStorage" in definition) == (launch == "FARGATE")


def test_one_image_and_its_command_differs() -> None:
    found = {role: rendered(role)["containerDefinitions"] for role in ROLES}
    assert {container["image"] for containers in found.values() for container in containers} == {IMAGE}
    assert {role: containers[1]["command"] for role, containers in found.items()} == {role: [role] for role in ROLES}


def test_a_container_cannot_write_its_image_nor_gain_rights() -> None:
    for role in [*ROLES, "run"]:
        for container in rendered(role)["containerDefinitions"]:
            assert container["readonlyRootFilesystem"]
            assert container["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
            # Only the one that prepares /tmp is root, and it ends before esa begins.
            assert (container.get("user") == "0") == (container["name"] == "tmp")
        assert rendered(role)["containerDefinitions"][1]["dependsOn"] == [
            {"containerName": "tmp", "condition": "SUCCESS"}
        ]


def test_no_secret_stands_in_a_definition() -> None:
    web = rendered("web", settings={"LOG_LEVEL": "DEBUG"}, secrets={"SENTRY_DSN": "/esa/production/SENTRY_DSN"})
    container = web["containerDefinitions"][1]
    secret = {one["name"]: one["valueFrom"] for one in container["secrets"]}
    plain = {one["name"]: one["value"] for one in container["environment"]}
    assert secret.keys() == {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "METRICS_TOKEN", "EMAIL_URL", "SENTRY_DSN"}
    assert not secret.keys() & plain.keys()
    assert (plain["LOG_LEVEL"], plain["ESA_DOMAIN"], plain["PORT"]) == ("DEBUG", "example.com", "8000")


def test_a_stop_gives_web_its_requests_and_the_worker_its_task() -> None:
    stop = {role: rendered(role)["containerDefinitions"][1]["stopTimeout"] for role in ROLES}
    assert stop["web"] > 25  # gunicorn's graceful timeout
    assert stop["worker"] == 120  # what Fargate gives at most; tasks end before 110
    assert all("healthCheck" in rendered(role)["containerDefinitions"][1] for role in ("web", "worker", "beat"))


def test_the_fingerprint_follows_what_is_in_it() -> None:
    def mark(**given: Any) -> str:
        return definitions.fingerprint_of(rendered("web", **given))

    assert mark() == mark()
    assert len({mark(), mark(architecture="X86_64"), mark(settings={"LOG_LEVEL": "DEBUG"}), mark(size="medium")}) == 4


def test_differences_are_told_by_name() -> None:
    old, new = rendered("web", settings={"A": "1", "B": "1"}), rendered("web", settings={"B": "2", "C": "3"})
    assert definitions.differences(old, new) == ["- A", "+ C=3", "~ B=1 → 2"]
    assert definitions.differences(None, new) == ["new"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"launch": "LAMBDA"}, "launch is FARGATE or EC2"),
        ({"architecture": "RISCV"}, "architecture is ARM64 or X86_64"),
        ({"launch": "EC2", "parameters": {"NatGateways": 0}}, "no public address"),
    ],
)
def test_an_impossible_environment_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(DeployError, match=told):
        dataclasses.replace(environment(), **given).check()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("region = ", "is not TOML"),
        ('region = "x"', "lacks domain, hosted_zone_id, size"),
        ('region = "x"\ndomain = "d"\nhosted_zone_id = "z"\nsize = "huge"', "asks for size 'huge'"),
        ('colour = "red"', "has colour, which means nothing here"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Any, text: str, told: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(DeployError, match=told):
        Environment.load("mine", tmp_path)
