"""An AWS account in this process: moto, with the stacks of `staging` made from our templates.

The clients of the tests call it directly; the commands that the tests start as processes reach the same account by loopback.
"""

import hashlib
import json
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from deploy.__main__ import main
from deploy.aws import Aws
from deploy.environments import ENVIRONMENTS, SERVICES, Environment

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
REGION = "us-east-1"  # moto's templates know the zones of this one only


@dataclass
class MotoStub:
    """Answers that moto cannot give: a task that fails, a rollout that ends.

    moto ends every task with 0, leaves each rollout "in progress" for ever and runs no task of a service. What is set
    here is laid over its answers on their way to the client; everything else is moto's.
    """

    exit_codes: dict[str, int] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    """Services whose new tasks never become healthy."""
    turned_back: dict[str, str] = field(default_factory=dict)
    """Services that ECS's circuit breaker gave their old definition again."""
    good: set[str] = field(default_factory=set)
    """Definitions that are known to run."""
    started: list[dict[str, Any]] = field(default_factory=list)
    """The one-off tasks that moto started, as it answered."""

    def forget(self) -> None:
        self.__init__()  # type: ignore[misc]

    def attach(self, session: boto3.Session) -> None:
        session.events.register("after-call.ecs.RunTask", self.run_task)
        session.events.register("after-call.ecs.DescribeServices", self.describe_services)
        session.events.register("after-call.ecs.DescribeTasks", self.describe_tasks)

    def run_task(self, parsed: dict[str, Any], **_: Any) -> None:
        self.started += parsed.get("tasks", [])

    def describe_services(self, parsed: dict[str, Any], **_: Any) -> None:
        for service in parsed.get("services", []):
            name = service["serviceName"]
            if name in self.turned_back:
                service["taskDefinition"] = self.turned_back[name]
            failed = name in self.failing and service["taskDefinition"] not in self.good
            running = 0 if failed else service["desiredCount"]
            service["runningCount"] = running
            service["deployments"] = [
                {
                    "id": "ecs-svc/1",
                    "status": "PRIMARY",
                    "taskDefinition": service["taskDefinition"],
                    "desiredCount": service["desiredCount"],
                    "runningCount": running,
                    "failedTasks": 3 if failed else 0,
                    "rolloutState": "FAILED" if failed else "COMPLETED",
                    "rolloutStateReason": "ECS deployment circuit breaker: tasks failed to start." if failed else "",
                }
            ]

    def describe_tasks(self, parsed: dict[str, Any], **_: Any) -> None:
        for task in parsed.get("tasks", []):
            family = task["taskDefinitionArn"].rpartition("/")[2].partition(":")[0]
            role = family.rpartition("-")[2]
            task["containers"] = [{"name": role, "exitCode": self.exit_codes.get(role, 0)}]


class OneSession(boto3.Session):
    """Keeps its clients, because making one costs more than all that a test asks of it; moto answers without a network."""

    def __init__(self, stub: MotoStub | None = None, **given: Any) -> None:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        super().__init__(**keys, region_name=REGION, **given)
        self.kept: dict[str, Any] = {}
        from moto.core.botocore_stubber import BotocoreStubber  # a second's work, for those who run these tests alone

        moto = BotocoreStubber()
        moto.enabled = True
        self.events.register("before-send", moto)
        if stub:
            stub.attach(self)

    def client(self, service_name: str, *_: Any, **given: Any) -> Any:
        if service_name not in self.kept:
            config = Config(ignore_configured_endpoint_urls=True)  # those that lead other processes to the server
            given["config"] = given["config"].merge(config) if "config" in given else config
            self.kept[service_name] = super().client(service_name, **given)
        return self.kept[service_name]


@dataclass
class Cloud:
    """The account, and what an operator does with it."""

    session: boto3.Session
    environments: Path
    zone: str
    stub: MotoStub
    capture: Callable[[], str]

    def run(self, *words: str) -> tuple[int, str]:
        """`python -m deploy WORDS`: its exit code and what it printed."""
        poll = [] if words[0] in {"plan"} else ["--poll", "0"]
        code = main(["--environments", str(self.environments), words[0], *poll, *words[1:]], self.session)
        return code, self.capture()

    def client(self, service: str) -> Any:
        return self.session.client(service)

    @property
    def environment(self) -> Environment:
        return Environment.load("staging", self.environments)

    @property
    def aws(self) -> Aws:
        return Aws(REGION, self.session)

    def services(self) -> dict[str, dict[str, Any]]:
        found = self.client("ecs").describe_services(cluster="esa-staging", services=list(SERVICES))["services"]
        return {service["serviceName"]: service for service in found}

    def definitions(self) -> list[str]:
        """What is registered in the environment's families."""
        arns = self.client("ecs").list_task_definitions(status="ACTIVE")["taskDefinitionArns"]
        return sorted(arn for arn in arns if "placeholder" not in arn)

    def image(self, tag: str) -> str:
        """Puts an image into the repository, as a build would; gives its digest."""
        manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [], "tag": tag})
        answer = self.client("ecr").put_image(
            repositoryName="esa",
            imageManifest=manifest,
            imageDigest=f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}",
            imageTag=tag,
        )
        return str(answer["image"]["imageId"]["imageDigest"])


@pytest.fixture(scope="session")
def aws_server() -> Iterator[str]:
    from deploy.tests import moto_gaps
    from esa.tests.aws_server import AwsServer

    moto_gaps.fill()
    server = AwsServer()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def stacks(
    aws_server: str, operator: tuple[boto3.Session, MotoStub], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The stacks of the account and of staging, made once by the command itself."""
    folder = tmp_path_factory.mktemp("environments")
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # moto names each type that it takes without making it
        credentials(patch, aws_server)
        session, _stub = operator
        made = session.client("route53").create_hosted_zone(Name="example.com.", CallerReference="esa")
        zone = made["HostedZone"]["Id"].rpartition("/")[2]
        for name in ("staging", "production"):
            text = (ENVIRONMENTS / f"{name}.toml").read_text(encoding="utf-8")
            text = text.replace("ap-northeast-1", REGION).replace("Z0000000000000000000", zone)
            (folder / f"{name}.toml").write_text(text, encoding="utf-8")
        for words in (["account", "--github", "example/esa"], ["staging"]):
            assert main(["--environments", str(folder), "stack", "--poll", "0", *words], session) == 0
        # moto starts tasks only in a network whose hosts have names, and does not take that from the template.
        vpc = Aws(REGION, session).outputs("esa-staging-data")["VpcId"]
        session.client("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    return folder, zone


@pytest.fixture(scope="session")
def operator() -> tuple[boto3.Session, MotoStub]:
    stub = MotoStub()
    return OneSession(stub), stub


@pytest.fixture
def cloud(
    operator: tuple[boto3.Session, MotoStub],
    aws_server: str,
    stacks: tuple[Path, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Cloud]:
    """The account as it is before the first release; whatever a test did is taken back after it."""
    credentials(monkeypatch, aws_server)
    session, stub = operator
    folder, zone = stacks
    account = Cloud(session, folder, zone, stub, lambda: capsys.readouterr().out)
    before = {name: service["taskDefinition"] for name, service in account.services().items()}
    yield account
    stub.forget()
    ecs, ssm = account.client("ecs"), account.client("ssm")
    for name, definition in before.items():
        ecs.update_service(cluster="esa-staging", service=name, taskDefinition=definition, desiredCount=0)
    for definition in account.definitions():
        ecs.deregister_task_definition(taskDefinition=definition)
    ecr = account.client("ecr")
    if images := ecr.list_images(repositoryName="esa")["imageIds"]:
        ecr.batch_delete_image(
            repositoryName="esa", imageIds=[{"imageDigest": image["imageDigest"]} for image in images]
        )
    ssm.delete_parameters(Names=[account.environment.parameter(name) for name in ("current", "migrated", "dns-before")])


@pytest.fixture
def released(cloud: Cloud) -> Cloud:
    """The account with release 1 running."""
    cloud.image("one")
    code, told = cloud.run("deploy", "staging", "--image", "one")
    assert code == 0, told
    cloud.stub.good = {service["taskDefinition"] for service in cloud.services().values()}
    return cloud


def credentials(patch: pytest.MonkeyPatch, server: str) -> None:
    patch.setenv("AWS_ENDPOINT_URL", server)
    patch.setenv("AWS_ACCESS_KEY_ID", "test")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    patch.setenv("AWS_DEFAULT_REGION", REGION)
    for name in [name for name in os.environ if name in {"AWS_PROFILE", "AWS_SESSION_TOKEN"}]:
        patch.delenv(name)
