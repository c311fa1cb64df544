"""The way of a release: definitions, migrations, services, and back again when it does not work out."""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from deploy import definitions, images, services, tasks
from deploy.aws import Aws
from deploy.environments import ROLES, SERVICES, Environment
from deploy.errors import DeployError, MigrationFailed, NotPutBack, RolloutFailed
from deploy.progress import say
from deploy.releases import Release, read, write


@dataclass
class Plan:
    """What a deployment would change; `deploy` does it, `plan` only says it."""

    environment: Environment
    outputs: dict[str, str]
    services: dict[str, dict[str, Any]]
    image: str
    wanted: dict[str, dict[str, Any]]
    registered: dict[str, str] = field(default_factory=dict)
    migrated: str = ""

    @classmethod
    def make(cls, aws: Aws, environment: Environment, image: str = "") -> "Plan":
        outputs = environment.outputs(aws)
        found = services.describe(aws, environment)
        if not image:
            if not services.released(found["web"]):
                raise DeployError(
                    f"{environment.name} has no release yet: name its first image with --image or --push."
                )
            image = running_image(aws, found)
        wanted = {role: definitions.render(role, image, environment, outputs) for role in ROLES}
        runs = services.running(found)
        known = {
            role: arn
            for role in ROLES
            if (arn := definitions.find(aws, wanted[role], *([runs[role]] if role in runs else [])))
        }
        return cls(environment, outputs, found, image, wanted, known, read(aws, environment, "migrated"))

    @property
    def to_register(self) -> list[str]:
        return [role for role in ROLES if role not in self.registered]

    @property
    def migrates(self) -> bool:
        """Every new image gets its migrate task once: it knows which migrations wait, and uploads the static files."""
        return self.migrated != definitions.fingerprint_of(self.wanted["migrate"])

    @property
    def to_update(self) -> list[str]:
        return [name for name in SERVICES if self.services[name]["taskDefinition"] != self.registered.get(name)]

    @property
    def empty(self) -> bool:
        return not (self.to_register or self.migrates or self.to_update)


def running_image(aws: Aws, found: dict[str, dict[str, Any]]) -> str:
    runs = definitions.describe(aws, str(found["web"]["taskDefinition"]))
    if runs is None:
        raise DeployError("The definition that web runs is gone from ECS; name the image with --image.")
    return definitions.image_of(runs)


def deploy(aws: Aws, plan: Plan, *, poll: float, timeout: float) -> bool:
    """Makes the plan true; False when it was already. Until the services are updated the old release is not touched."""
    if plan.empty:
        say(f"{plan.environment.name} runs {definitions.short(plan.image)} already; nothing to do")
        return False
    say(f"deploying {plan.image} to {plan.environment.name}")
    register(aws, plan)
    if plan.migrates:
        migrate(aws, plan, poll=poll)
    else:
        say("migrate: done before for this image")
    roll(aws, plan.environment, plan.services, plan.registered, poll=poll, timeout=timeout)
    record(aws, plan)
    return True


def register(aws: Aws, plan: Plan) -> None:
    for role in ROLES:
        if role in plan.registered:
            say(f"{role}: {definitions.short(plan.registered[role])} is as wanted")
        else:
            plan.registered[role] = definitions.register(aws, plan.wanted[role])
            say(f"{role}: registered {definitions.short(plan.registered[role])}")


def migrate(aws: Aws, plan: Plan, *, poll: float) -> None:
    """Runs the migrate task to its end. Migrations only expand, so the old release goes on serving meanwhile."""
    say(f"migrate: running {definitions.short(plan.registered['migrate'])}")
    try:
        task = tasks.start(
            aws, plan.environment, plan.outputs, plan.registered["migrate"], container="migrate", command=None
        )
        code = tasks.wait(aws, plan.environment, task, container="migrate", poll=poll)
    except DeployError as problem:
        raise MigrationFailed(f"{problem} The services were not touched.") from None
    if code:
        raise MigrationFailed(f"migrate ended with {code}; the services were not touched and still run what they ran.")
    write(aws, plan.environment, "migrated", definitions.fingerprint_of(plan.wanted["migrate"]))
    say("migrate: done")


def roll(
    aws: Aws,
    environment: Environment,
    found: dict[str, dict[str, Any]],
    wanted: dict[str, str],
    *,
    poll: float,
    timeout: float,
) -> None:
    """Gives the services new definitions and waits; when one fails, all get back what they had."""
    changing = {name: wanted[name] for name in SERVICES if found[name]["taskDefinition"] != wanted[name]}
    try:
        for name, definition in changing.items():
            first = not services.released(found[name])
            count = services.first_count(aws, environment, name) if first else None
            services.update(aws, environment, name, definition, count=count)
            say(f"{name}: {definitions.short(str(found[name]['taskDefinition']))} → {definitions.short(definition)}")
        services.wait(aws, environment, changing, poll=poll, timeout=timeout)
    except (RolloutFailed, ClientError) as problem:
        say(f"failed: {problem}")
        put_back(aws, environment, {name: found[name] for name in changing}, poll=poll, timeout=timeout)
        raise RolloutFailed(f"{problem}\n{environment.name} runs what it ran before.") from problem


def put_back(
    aws: Aws, environment: Environment, had: dict[str, dict[str, Any]], *, poll: float, timeout: float
) -> None:
    try:
        now = services.describe(aws, environment)
        for name, service in had.items():
            definition, count = str(service["taskDefinition"]), int(service["desiredCount"])
            if now[name]["taskDefinition"] != definition:
                say(f"{name}: back to {definitions.short(definition)}")
                services.update(
                    aws, environment, name, definition, count=count if not services.released(service) else None
                )
        waiting = {name: str(service["taskDefinition"]) for name, service in had.items() if services.released(service)}
        services.wait(aws, environment, waiting, poll=poll, timeout=timeout)
    except (DeployError, ClientError) as problem:
        raise NotPutBack(f"Going back failed as well, look at it: {problem}") from problem


def record(aws: Aws, plan: Plan) -> None:
    numbers = [one.number for one in Release.history(aws, plan.environment)]
    release = Release(max([0, *numbers]) + 1, plan.image, dict(plan.registered))
    release.save(aws, plan.environment)
    say(f"release {release.number} of {plan.environment.name} is live")


def rollback(aws: Aws, environment: Environment, to: int | None, *, poll: float, timeout: float) -> None:
    """Runs an earlier release again. The database stays: migrations only expand, so the earlier code can use it."""
    release = Release.before(aws, environment, to)
    found = services.describe(aws, environment)
    say(f"going back to release {release.number} of {release.at}, {definitions.short(release.image)}")
    for role in SERVICES:
        if definitions.describe(aws, release.definitions[role]) is None:
            raise DeployError(
                f"{definitions.short(release.definitions[role])} is gone from ECS; deploy {release.image} instead."
            )
    roll(aws, environment, found, release.definitions, poll=poll, timeout=timeout)
    release.save(aws, environment)
    say(f"release {release.number} of {environment.name} is live again")


def promoted(aws: Aws, source: Environment) -> str:
    """The image that another environment proved: its current release's."""
    release = Release.current(Aws(source.region, aws.session), source)
    if release is None:
        raise DeployError(f"{source.name} has no release that could be promoted.")
    return images.resolve(aws, release.image)
