"""The CloudFormation templates: small enough to be sent as they are, and right where it matters. cfn-lint reads them as one of the linters."""

import functools
import json
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml

from deploy.environments import ENVIRONMENTS, HERE, Environment, read_toml

TEMPLATES = sorted((HERE / "templates").glob("*.yml"))


class Reader(yaml.SafeLoader):
    """YAML with the short forms of CloudFormation's functions."""


def function(reader: Reader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    match node:
        case yaml.ScalarNode():
            value: Any = node.value.split(".", 1) if suffix == "GetAtt" else node.value
        case yaml.SequenceNode():
            value = reader.construct_sequence(node, deep=True)
        case _:
            value = reader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


Reader.add_multi_constructor("!", function)


@functools.cache
def template(name: str) -> dict[str, Any]:
    text = (HERE / "templates" / f"{name}.yml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Reader)
    return loaded


def properties(name: str, resource: str) -> dict[str, Any]:
    found: dict[str, Any] = template(name)["Resources"][resource]["Properties"]
    return found


def test_the_linter_is_told_to_look_away_nowhere() -> None:
    assert not any("cfn-lint" in path.read_text(encoding="utf-8") for path in TEMPLATES)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_needs_no_bucket(path: Path) -> None:
    assert len(path.read_bytes()) <= 51_200


def test_web_and_worker_roll_without_a_gap_and_beat_never_runs_twice() -> None:
    for service in ("WebService", "WorkerService", "BeatService"):
        configuration = properties("app", service)["DeploymentConfiguration"]
        assert configuration["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
        beat = service == "BeatService"
        assert configuration["MinimumHealthyPercent"] == (0 if beat else 100)
        assert configuration["MaximumPercent"] == (100 if beat else 200)


def test_nothing_that_holds_data_goes_with_its_stack() -> None:
    for name, resource in template("data")["Resources"].items():
        if resource["Type"] == "AWS::S3::Bucket":
            assert resource["DeletionPolicy"] == "Retain", name
            assert all(resource["Properties"]["PublicAccessBlockConfiguration"].values()), name
            assert resource["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}, name
            assert resource["Properties"]["LifecycleConfiguration"]["Rules"], name
    database = template("data")["Resources"]["Database"]
    assert (database["DeletionPolicy"], database["Properties"]["StorageEncrypted"]) == ("Snapshot", True)
    assert database["Properties"]["PubliclyAccessible"] is False


def test_attachments_are_served_by_signed_address_only() -> None:
    behaviours = properties("data", "Distribution")["DistributionConfig"]
    assert behaviours["DefaultCacheBehavior"]["TrustedKeyGroups"] == [{"Ref": "MediaKeys"}]
    assert [one["PathPattern"] for one in behaviours["CacheBehaviors"] if "TrustedKeyGroups" not in one] == [
        "/static/*"
    ]


def test_the_roles_of_github_are_bound_to_one_repository_and_environment() -> None:
    for role, environment in (("StagingRole", "staging"), ("ProductionRole", "production")):
        statement = properties("account", role)["AssumeRolePolicyDocument"]["Statement"][0]
        subject = statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
        assert subject == {"Fn::Sub": f"repo:${{GitHubRepository}}:environment:{environment}"}
    assert "AWS::IAM::AccessKey" not in {one["Type"] for one in template("account")["Resources"].values()}


def test_the_database_server_is_one_that_the_image_can_dump() -> None:
    """pg_dump refuses a server that is newer than itself, and the nightly backup runs in the image."""
    dockerfile = (HERE.parent / "Dockerfile").read_text(encoding="utf-8")
    line = next(line for line in dockerfile.splitlines() if line.startswith("ARG POSTGRESQL="))
    server = template("data")["Parameters"]["DatabaseVersion"]["Default"]
    assert int(server.partition(".")[0]) <= int(line.partition("=")[2])


def test_every_parameter_that_a_size_sets_exists() -> None:
    known = template("data")["Parameters"].keys() | template("app")["Parameters"].keys()
    for name, size in read_toml(HERE / "sizes.toml").items():
        assert size["parameters"].keys() <= known, name
        allowed = {**template("data")["Parameters"], **template("app")["Parameters"]}
        for key, value in size["parameters"].items():
            assert value in allowed[key].get("AllowedValues", [value]), (name, key)
    for path in ENVIRONMENTS.glob("*.toml"):
        assert Environment.load(path.stem).parameters.keys() <= known


def test_ecs_need_not_wait_long_for_what_we_tell_it_to_look_at() -> None:
    """deploy/README.md adds up where the five minutes of a deployment go; these seconds of them are ours to set."""
    target = properties("app", "WebTargets")
    seen = target["HealthCheckIntervalSeconds"] * target["HealthyThresholdCount"]
    let_go = {each["Key"]: each["Value"] for each in target["TargetGroupAttributes"]}
    checks = {}
    for role in ("web", "worker", "beat"):
        [definition] = [each for each in read_json(role) if each["name"] == role]
        checks[role] = definition["healthCheck"]
    assert max(seen, *(check["interval"] for check in checks.values())) <= 20
    assert int(let_go["deregistration_delay.timeout_seconds"]) <= 30
    # One that is slow to answer is not thrown out for a moment's load.
    assert all(check["interval"] * check["retries"] >= 45 for check in checks.values())


def read_json(role: str) -> list[dict[str, Any]]:
    text = (HERE / "task_definitions" / f"{role}.json").read_text(encoding="utf-8")
    containers: list[dict[str, Any]] = json.loads(Template(text).safe_substitute())
    return containers
