"""Environments: staging, production and whatever else has a file in deploy/environments."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from botocore.exceptions import ClientError

from deploy.aws import Aws, code_of
from deploy.errors import DeployError

HERE = Path(__file__).parent
ENVIRONMENTS = HERE / "environments"
SERVICES = ("worker", "web", "beat")
"""The services of a release."""
ROLES = ("web", "worker", "beat", "migrate")
"""The task definitions of a release."""
KNOWN = {
    "region",
    "domain",
    "hosted_zone_id",
    "size",
    "launch",
    "architecture",
    "settings",
    "secrets",
    "parameters",
    "tasks",
}


@dataclass(frozen=True)
class Environment:
    """One installation of esa: where it is, how large, and what its processes are told."""

    name: str
    region: str
    domain: str
    hosted_zone_id: str
    size: str
    launch: str = "FARGATE"
    architecture: str = "ARM64"
    settings: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    tasks: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def load(cls, name: str, folder: Path = ENVIRONMENTS) -> Self:
        if not re.fullmatch(r"[a-z][a-z0-9]{1,15}", name) or not (path := folder / f"{name}.toml").is_file():
            known = ", ".join(sorted(file.stem for file in folder.glob("*.toml")))
            raise DeployError(f"There is no environment {name!r}; {folder} has {known}.")
        given = read_toml(path)
        sizes = read_toml(HERE / "sizes.toml")
        if unknown := given.keys() - KNOWN:
            raise DeployError(f"{path} has {', '.join(sorted(unknown))}, which means nothing here.")
        if missing := {"region", "domain", "hosted_zone_id", "size"} - given.keys():
            raise DeployError(f"{path} lacks {', '.join(sorted(missing))}.")
        if given["size"] not in sizes:
            raise DeployError(f"{path} asks for size {given['size']!r}; deploy/sizes.toml has {', '.join(sizes)}.")
        size = sizes[given["size"]]
        own_tasks = given.pop("tasks", {})
        given["tasks"] = {role: {**size["tasks"][role], **own_tasks.get(role, {})} for role in ROLES}
        given["parameters"] = {**size["parameters"], **given.get("parameters", {})}
        environment = cls(name=name, **given)
        environment.check()
        return environment

    def check(self) -> None:
        if self.launch not in {"FARGATE", "EC2"}:
            raise DeployError(f"launch is FARGATE or EC2, not {self.launch!r}.")
        if self.architecture not in {"ARM64", "X86_64"}:
            raise DeployError(f"architecture is ARM64 or X86_64, not {self.architecture!r}.")
        if self.launch == "EC2" and int(self.parameters.get("NatGateways", 2)) == 0:
            raise DeployError("On EC2 tasks have no public address: set NatGateways to 1 or 2 in [parameters].")

    @property
    def data_stack(self) -> str:
        return f"esa-{self.name}-data"

    @property
    def app_stack(self) -> str:
        return f"esa-{self.name}-app"

    @property
    def cluster(self) -> str:
        return f"esa-{self.name}"

    @property
    def log_group(self) -> str:
        return f"/esa/{self.name}"

    def family(self, role: str) -> str:
        return f"esa-{self.name}-{role}"

    def parameter(self, name: str) -> str:
        """The SSM parameter that remembers something of this environment."""
        return f"/esa/{self.name}/release/{name}"

    def secret(self, name: str) -> str:
        return f"esa/{self.name}/{name}"

    def outputs(self, aws: Aws) -> dict[str, str]:
        """What both stacks say; the app stack must be there."""
        data, app = aws.outputs(self.data_stack), aws.outputs(self.app_stack)
        if not data or not app:
            raise DeployError(f"{self.name} has no stack in {self.region} yet: python -m deploy stack {self.name}")
        return data | app | self.own_secrets(aws)

    def own_secrets(self, aws: Aws) -> dict[str, str]:
        """The secrets that `python -m deploy stack` makes beside the stacks."""
        found = {}
        for key, name in (("EmailUrlArn", "email-url"), ("MediaPrivateKeyArn", "media-private-key")):
            if arn := self.secret_arn(aws, name):
                found[key] = arn
        return found

    def secret_arn(self, aws: Aws, name: str) -> str:
        """A secret's ARN; nothing when there is none."""
        try:
            return str(aws("secretsmanager").describe_secret(SecretId=self.secret(name))["ARN"])
        except ClientError as problem:
            if code_of(problem) != "ResourceNotFoundException":
                raise
            return ""


def read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as problem:
        raise DeployError(f"{path} is not TOML: {problem}") from None
