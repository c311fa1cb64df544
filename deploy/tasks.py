"""One-off tasks: start a container, follow its log, wait for its exit code."""

import time
from typing import Any

from botocore.exceptions import ClientError

from deploy.aws import Aws, code_of
from deploy.environments import Environment
from deploy.errors import DeployError
from deploy.progress import tell


def network_of(outputs: dict[str, str]) -> dict[str, Any]:
    return {
        "awsvpcConfiguration": {
            "subnets": outputs["TaskSubnets"].split(","),
            "securityGroups": [outputs["TaskSecurityGroup"]],
            "assignPublicIp": outputs["AssignPublicIp"],
        }
    }


def start(
    aws: Aws,
    environment: Environment,
    outputs: dict[str, str],
    definition: str,
    *,
    container: str,
    command: list[str] | None = None,
) -> str:
    """Starts a task and gives its ARN."""
    where = (
        {"capacityProviderStrategy": [{"capacityProvider": f"instances-{environment.name}", "weight": 1}]}
        if environment.launch == "EC2"
        else {"launchType": "FARGATE"}
    )
    overrides = {"containerOverrides": [{"name": container, "command": command}]} if command else {}
    answer = aws("ecs").run_task(
        cluster=environment.cluster,
        taskDefinition=definition,
        count=1,
        startedBy="deploy",
        networkConfiguration=network_of(outputs),
        overrides=overrides,
        **where,
    )
    if answer.get("failures"):
        reasons = ", ".join(one.get("reason", "no reason given") for one in answer["failures"])
        raise DeployError(f"ECS could not start {container}: {reasons}")
    return str(answer["tasks"][0]["taskArn"])


def wait(aws: Aws, environment: Environment, task: str, *, container: str, poll: float) -> int:
    """Prints the task's log until it has ended; gives the container's exit code."""
    stream = f"{container}/{container}/{task.rpartition('/')[2]}"
    printed: set[str] = set()
    while True:
        found = aws("ecs").describe_tasks(cluster=environment.cluster, tasks=[task])["tasks"]
        ended = bool(found) and found[0]["lastStatus"] == "STOPPED"
        if ended:
            time.sleep(min(poll, 3))  # the log's last lines come a moment after the end
        print_log(aws, environment, stream, printed)
        if ended:
            return exit_code(found[0], container)
        if not found:
            raise DeployError(f"ECS does not know the task {task} any more.")
        time.sleep(poll)


def exit_code(task: dict[str, Any], container: str) -> int:
    for one in task.get("containers", []):
        if one["name"] == container and "exitCode" in one:
            return int(one["exitCode"])
    # It never ran: no image, no secret, no room.
    reasons = [task.get("stoppedReason", ""), *(one.get("reason", "") for one in task.get("containers", []))]
    raise DeployError(f"{container} did not start: {' '.join(filter(None, reasons)) or 'ECS gives no reason'}")


def print_log(aws: Aws, environment: Environment, stream: str, printed: set[str]) -> None:
    for event in events(aws, environment, streams=[stream]):
        if event["eventId"] not in printed:
            printed.add(event["eventId"])
            tell(f"    {event['message'].rstrip()}")


def events(
    aws: Aws,
    environment: Environment,
    *,
    streams: list[str] | None = None,
    prefix: str = "",
    since: int = 0,
    pattern: str = "",
) -> list[dict[str, Any]]:
    """Log lines, oldest first; none when the stream does not exist yet."""
    given: dict[str, Any] = {"logGroupName": environment.log_group}
    if streams:
        given["logStreamNames"] = streams
    elif prefix:
        given["logStreamNamePrefix"] = prefix
    if since:
        given["startTime"] = since
    if pattern:
        given["filterPattern"] = pattern
    found: list[dict[str, Any]] = []
    try:
        for page in aws("logs").get_paginator("filter_log_events").paginate(**given):
            found += page["events"]
    except ClientError as problem:
        if code_of(problem) != "ResourceNotFoundException":
            raise
    return found
