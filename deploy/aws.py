"""The AWS account that is worked on: one client per service, kept."""

import os
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from deploy.errors import DeployError, Refused

DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
}


class Aws:
    """Clients of one region, made when first asked for."""

    def __init__(self, region: str, session: "boto3.Session | None" = None) -> None:
        self.region = region
        self.session = session or boto3.Session()
        self._clients: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        if service not in self._clients:
            config = Config(region_name=self.region, retries={"mode": "standard"})
            self._clients[service] = self.session.client(service, region_name=self.region, config=config)
        return self._clients[service]

    @cached_property
    def account(self) -> str:
        return str(self("sts").get_caller_identity()["Account"])

    def outputs(self, stack: str) -> dict[str, str]:
        """What a stack tells about itself; none when there is no such stack."""
        found = self.stack(stack)
        return {output["OutputKey"]: output["OutputValue"] for output in (found or {}).get("Outputs", [])}

    def stack(self, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as problem:
            if "does not exist" in str(problem):
                return None
            raise
        return found


def code_of(problem: ClientError) -> str:
    return str(problem.response.get("Error", {}).get("Code", ""))


def in_words(problem: Exception) -> DeployError:
    """An error of the AWS client as one sentence."""
    if isinstance(problem, ClientError):
        detail = problem.response.get("Error", {}).get("Message", str(problem))
        if code_of(problem) in DENIED:
            return Refused(f"AWS refused {problem.operation_name}: {detail}")
        return DeployError(f"AWS could not do {problem.operation_name}: {detail}")
    if isinstance(problem, BotoCoreError):
        who = os.environ.get("AWS_PROFILE")
        hint = f" (profile {who})" if who else " (set AWS_PROFILE, or sign in with `aws sso login`)"
        return Refused(f"AWS cannot be reached: {problem}{hint}")
    raise problem
