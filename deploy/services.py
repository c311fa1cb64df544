"""The three services of an environment: what they run, giving them something else, and waiting for it."""

import time
from collections.abc import Mapping
from typing import Any

from deploy.aws import Aws
from deploy.definitions import short
from deploy.environments import SERVICES, Environment
from deploy.errors import DeployError, RolloutFailed
from deploy.progress import say


def describe(aws: Aws, environment: Environment) -> dict[str, dict[str, Any]]:
    answer = aws("ecs").describe_services(cluster=environment.cluster, services=list(SERVICES))
    found = {service["serviceName"]: service for service in answer["services"] if service["status"] == "ACTIVE"}
    if missing := [name for name in SERVICES if name not in found]:
        raise DeployError(
            f"{environment.cluster} has no service {', '.join(missing)}: python -m deploy stack {environment.name}"
        )
    return found


def released(service: Mapping[str, Any]) -> bool:
    """Whether the service ever got a release; before that it holds the stack's placeholder."""
    return "-placeholder:" not in service["taskDefinition"]


def running(services: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The definitions that the services have, by role."""
    return {name: str(service["taskDefinition"]) for name, service in services.items()}


def update(aws: Aws, environment: Environment, name: str, definition: str, *, count: int | None = None) -> None:
    given: dict[str, Any] = {"cluster": environment.cluster, "service": name, "taskDefinition": definition}
    if count is not None:
        given["desiredCount"] = count
    aws("ecs").update_service(**given)


def first_count(aws: Aws, environment: Environment, name: str) -> int:
    """How many tasks a service begins with: the least that its scaling allows."""
    answer = aws("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[f"service/{environment.cluster}/{name}"]
    )
    return max([1, *(int(target["MinCapacity"]) for target in answer["ScalableTargets"])])


def wait(aws: Aws, environment: Environment, wanted: Mapping[str, str], *, poll: float, timeout: float) -> None:
    """Waits until every service runs what it should; says which one does not and why."""
    waiting = dict(wanted)
    said: dict[str, str] = {}
    end = time.monotonic() + timeout
    while waiting:
        found = describe(aws, environment)
        for name, definition in list(waiting.items()):
            state, line = progress_of(found[name], definition)
            if said.get(name) != line:
                say(f"{name}: {line}")
                said[name] = line
            if state == "failed":
                raise RolloutFailed(f"{name} did not become stable: {line}{why(aws, environment, name)}")
            if state == "done":
                del waiting[name]
        if waiting and time.monotonic() > end:
            raise RolloutFailed(f"{', '.join(waiting)} did not become stable within {timeout:.0f} s.")
        if waiting:
            time.sleep(poll)


def progress_of(service: Mapping[str, Any], definition: str) -> tuple[str, str]:
    ours = next((one for one in service["deployments"] if one["status"] == "PRIMARY"), None)
    if ours is None or {ours["taskDefinition"], service["taskDefinition"]} != {definition}:
        return "failed", "ECS went back to the release before"  # its circuit breaker did
    count = f"{ours['runningCount']} of {ours['desiredCount']} run {short(definition)}"
    if ours.get("failedTasks"):
        count += f", {ours['failedTasks']} failed"
    if ours["rolloutState"] == "FAILED":
        return "failed", f"{count}: {ours.get('rolloutStateReason', '')}"
    if ours["rolloutState"] == "COMPLETED":
        return "done", f"{count}, stable"
    return "waiting", count


def why(aws: Aws, environment: Environment, name: str) -> str:
    """What ECS tells about the tasks of a service that stopped."""
    listed = aws("ecs").list_tasks(cluster=environment.cluster, serviceName=name, desiredStatus="STOPPED")["taskArns"]
    if not listed:
        return ""
    tasks = aws("ecs").describe_tasks(cluster=environment.cluster, tasks=listed[:10])["tasks"]
    reasons = {task.get("stoppedReason", "") for task in tasks} | {
        f"{one['name']} ended with {one['exitCode']}"
        for task in tasks
        for one in task.get("containers", [])
        if one.get("exitCode")
    }
    return "".join(f"\n    {reason}" for reason in sorted(filter(None, reasons)))
