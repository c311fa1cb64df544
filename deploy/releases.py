"""Releases: what was rolled out when, so that one can go back. The record is an SSM parameter; its history is the log."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Self

from botocore.exceptions import ClientError

from deploy.aws import Aws, code_of
from deploy.environments import Environment
from deploy.errors import DeployError


@dataclass(frozen=True)
class Release:
    """One set of task definitions that ran together, of one image."""

    number: int
    image: str
    definitions: dict[str, str]
    at: str = ""

    @classmethod
    def current(cls, aws: Aws, environment: Environment) -> Self | None:
        value = read(aws, environment, "current")
        return cls(**json.loads(value)) if value else None

    @classmethod
    def history(cls, aws: Aws, environment: Environment) -> list[Self]:
        """Every release, oldest first; one that was gone back to counts once."""
        found: dict[int, Self] = {}
        try:
            pages = aws("ssm").get_paginator("get_parameter_history").paginate(Name=environment.parameter("current"))
            for page in pages:
                for version in page["Parameters"]:
                    release = cls(**json.loads(version["Value"]))
                    found.setdefault(release.number, release)
        except ClientError as problem:
            if code_of(problem) != "ParameterNotFound":
                raise
        return [found[number] for number in sorted(found)]

    @classmethod
    def before(cls, aws: Aws, environment: Environment, number: int | None = None) -> Self:
        """The release to go back to: the one asked for, or the one before the current."""
        current = cls.current(aws, environment)
        if current is None:
            raise DeployError(f"{environment.name} has no release to go back from.")
        earlier = [one for one in cls.history(aws, environment) if one.number < current.number]
        if number is not None:
            earlier = [one for one in cls.history(aws, environment) if one.number == number]
        if not earlier:
            raise DeployError(f"{environment.name} has no release {'before this one' if number is None else number}.")
        return earlier[-1]

    def save(self, aws: Aws, environment: Environment) -> None:
        stamped = replace(self, at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
        write(aws, environment, "current", json.dumps(asdict(stamped)))


def read(aws: Aws, environment: Environment, name: str) -> str:
    try:
        return str(aws("ssm").get_parameter(Name=environment.parameter(name))["Parameter"]["Value"])
    except ClientError as problem:
        if code_of(problem) != "ParameterNotFound":
            raise
        return ""


def write(aws: Aws, environment: Environment, name: str, value: str) -> None:
    aws("ssm").put_parameter(Name=environment.parameter(name), Value=value, Type="String", Overwrite=True)
