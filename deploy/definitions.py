"""Task definitions: from the templates in deploy/task_definitions to what ECS has registered."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from deploy.aws import Aws
from deploy.environments import Environment

TEMPLATES = Path(__file__).parent / "task_definitions"
LABEL = "esa.definition"
"""The docker label that holds the fingerprint; it tells whether a registered definition is the one we want."""
SECRETS = {
    "SECRET_KEY": "SecretKeyArn",
    "DATABASE_URL": "DatabaseUrlArn",
    "REDIS_URL": "RedisUrlArn",
    "METRICS_TOKEN": "MetricsTokenArn",
    "EMAIL_URL": "EmailUrlArn",
    "CLOUDFRONT_PRIVATE_KEY": "MediaPrivateKeyArn",
}
TMP_MIB, METER_MIB = 64, 320


def render(role: str, image: str, environment: Environment, outputs: dict[str, str]) -> dict[str, Any]:
    """The arguments of RegisterTaskDefinition for one role of one release."""
    task = environment.tasks["migrate" if role == "run" else role]
    templates = json.loads((TEMPLATES / f"{role}.json").read_text(encoding="utf-8"))
    common = json.loads((TEMPLATES / "common.json").read_text(encoding="utf-8"))
    given = {
        "family": environment.family(role),
        "role": role,
        "image": image,
        "launch": environment.launch,
        "architecture": environment.architecture,
        "region": environment.region,
        "cpu": str(task["cpu"]),
        "memory": str(task["memory"]),
        "main_mib": task["memory"] - TMP_MIB - METER_MIB * (len(templates) - 1),
        "tmp_mib": TMP_MIB,
        "meter_mib": METER_MIB,
        "disk_gib": task.get("disk", 21),
        "execution_role": outputs["ExecutionRoleArn"],
        "task_role": outputs["TaskRoleArn"],
        "log_group": outputs["LogGroup"],
    }
    containers = [container_of(own, common["container"], environment, outputs, task) for own in templates]
    definition: dict[str, Any] = fill({**common["task"], "containerDefinitions": [common["tmp"], *containers]}, given)
    if environment.launch == "EC2":  # there the machine's disk is what there is
        del definition["ephemeralStorage"]
    main = definition["containerDefinitions"][1]
    main["dockerLabels"] = {LABEL: fingerprint(definition)}
    return definition


def container_of(
    own: dict[str, Any],
    common: dict[str, Any],
    environment: Environment,
    outputs: dict[str, str],
    task: dict[str, int],
) -> dict[str, Any]:
    variables = {
        "ESA_ENVIRONMENT": environment.name,
        "ESA_DOMAIN": environment.domain,
        "ESA_BEHIND_PROXY": "1",
        "DEFAULT_FROM_EMAIL": f"esa <esa@{environment.domain}>",
        "S3_BUCKET": outputs["MediaBucket"],
        "S3_STATIC_BUCKET": outputs["StaticBucket"],
        "S3_BACKUP_BUCKET": outputs["BackupBucket"],
        "S3_REGION": environment.region,
        "CLOUDFRONT_DOMAIN": outputs["AssetsDomain"],
        "CLOUDFRONT_KEY_ID": outputs["MediaKeyId"],
        **{name: str(value) for name, value in task.items() if name.isupper()},
        **{one["name"]: one["value"] for one in own.get("environment", [])},
        **{name: str(value) for name, value in environment.settings.items()},
    }
    secrets = {name: outputs[output] for name, output in SECRETS.items() if output in outputs} | environment.secrets
    return {
        **common,
        **own,
        "environment": [{"name": name, "value": value} for name, value in sorted(variables.items())],
        "secrets": [{"name": name, "valueFrom": source} for name, source in sorted(secrets.items())],
    }


def fill(template: Any, given: dict[str, Any]) -> Any:
    """Puts values where the template says ${name}; a string that is nothing else takes the value's own type."""
    if isinstance(template, dict):
        return {key: fill(value, given) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, given) for value in template]
    if isinstance(template, str):
        if whole := re.fullmatch(r"\$\{(\w+)\}", template):
            return given[whole[1]]
        return re.sub(r"\$\{(\w+)\}", lambda found: str(given[found[1]]), template)
    return template


def fingerprint(definition: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()[:32]


def fingerprint_of(registered: dict[str, Any]) -> str:
    """The fingerprint that a registered definition carries; none when it is not one of ours."""
    labels = (container.get("dockerLabels", {}) for container in registered.get("containerDefinitions", []))
    return next((label[LABEL] for label in labels if LABEL in label), "")


def image_of(registered: dict[str, Any]) -> str:
    return str(registered["containerDefinitions"][-1]["image"])


def describe(aws: Aws, name: str) -> dict[str, Any] | None:
    """A definition by its ARN, or the newest active one of a family."""
    try:
        found: dict[str, Any] = aws("ecs").describe_task_definition(taskDefinition=name)["taskDefinition"]
    except ClientError as problem:
        if "Unable to describe task definition" in str(problem) or "not exist" in str(problem):
            return None
        raise
    return found if found["status"] == "ACTIVE" else None


def find(aws: Aws, wanted: dict[str, Any], *candidates: str) -> str | None:
    """The ARN of a registered definition that is what we want: one that runs, or the family's newest."""
    for name in (*candidates, wanted["family"]):
        registered = describe(aws, name)
        if registered and fingerprint_of(registered) == fingerprint_of(wanted):
            return str(registered["taskDefinitionArn"])
    return None


def register(aws: Aws, wanted: dict[str, Any]) -> str:
    answer = aws("ecs").register_task_definition(**wanted)
    return str(answer["taskDefinition"]["taskDefinitionArn"])


def short(arn: str) -> str:
    """`esa-staging-web:12` of the long form."""
    return arn.rpartition("/")[2]


def differences(old: dict[str, Any] | None, new: dict[str, Any]) -> list[str]:
    """What a new definition changes, for people."""
    if old is None:
        return ["new"]
    lines = []
    before, after = old["containerDefinitions"][-1], new["containerDefinitions"][-1]
    if before["image"] != after["image"]:
        lines.append(f"image {short(before['image'])} → {short(after['image'])}")
    for key, value in (("environment", "value"), ("secrets", "valueFrom")):
        had = {one["name"]: one[value] for one in before.get(key, [])}
        has = {one["name"]: one[value] for one in after.get(key, [])}
        lines += [f"- {name}" for name in sorted(had.keys() - has.keys())]
        lines += [f"+ {name}={has[name]}" for name in sorted(has.keys() - had.keys())]
        lines += [
            f"~ {name}={had[name]} → {has[name]}" for name in sorted(had.keys() & has.keys()) if had[name] != has[name]
        ]
    lines += [f"{key} {old.get(key)} → {new[key]}" for key in ("cpu", "memory") if old.get(key) != new[key]]
    return lines or ["other settings of the container"]
