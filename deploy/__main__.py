"""`python -m deploy`: plan, deploy, migrate, status, rollback, logs, run, scale, restart, stack, dns."""

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deploy import definitions, images, release, services, tasks
from deploy.aws import Aws, in_words
from deploy.environments import ENVIRONMENTS, SERVICES, Environment
from deploy.errors import DeployError
from deploy.progress import say, tell
from deploy.releases import Release

CHANGES = 10
"""The exit code of `plan --exit-code` when there is something to do."""
SPAN = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
AGE = re.compile(r"(\d+)([smhd])")
COUNT = re.compile(r"(\d+)(?:\.\.(\d+))?")

Command = Callable[[Aws, Environment, argparse.Namespace], int]


def main(argv: Sequence[str] | None = None, session: "boto3.Session | None" = None) -> int:
    options = parser().parse_args(argv)
    try:
        if options.command == "stack" and options.environment == "account":
            return account(options, session)
        environment = Environment.load(options.environment, options.environments)
        run: Command = options.run
        return run(Aws(environment.region, session), environment, options)
    except DeployError as problem:
        say(f"error: {problem}")
        return problem.code
    except (ClientError, BotoCoreError) as problem:
        told = in_words(problem)
        say(f"error: {told}")
        return told.code
    except KeyboardInterrupt:
        say("interrupted; what ECS was told to do goes on: python -m deploy status")
        return 130


def plan(aws: Aws, environment: Environment, options: argparse.Namespace) -> int:
    planned = release.Plan.make(aws, environment, image_for(aws, environment, options))
    for role in release.ROLES:
        wanted = planned.wanted[role]
        if role in planned.registered:
            tell(f"{role}: {definitions.short(planned.registered[role])} stays")
        else:
            tell(f"{role}: a new revision of {wanted['family']}")
            for line in definitions.differences(definitions.describe(aws, wanted["family"]), wanted):
                tell(f"    {line}")
    tell(f"migrate: {'runs before the services change' if planned.migrates else 'ran for this image'}")
    tell(f"services that change: {', '.join(planned.to_update) or 'none'}")
    return CHANGES if options.exit_code and not planned.empty else 0


def deploy(aws: Aws, environment: Environment, options: argparse.Namespace) -> int:
    planned = release.Plan.make(aws, environment, image_for(aws, environment, options))
    began = time.monotonic()
    if release.deploy(aws, planned, poll=options.poll, timeout=options.timeout):
        say(f"took {time.monotonic() - began:.0f} s")
    return 0


def migrate(aws: Aws, environment: Environment, options: argparse.Namespace) -> int:
    """Runs the migrate task of an image (or of the one that runs) and leaves the services alone."""
    planned = release.Plan.make(aws, environment, image_for(aws, environment, options))
    if "migrate" not in planned.registered:
        planned.registered["migrate"] = definitions.register(aws, planned.wanted["migrate"])
    release.migrate(aws, planned, poll=options.poll)
    return 0


def status(aws: Aws, environment: Environment, options: argparse.Namespace) -> int:
    """Tells what runs; 1 when something is not as it should be."""
    found = services.describe(aws, environment)
    current = Release.current(aws, environment)
    tell(f"{environment.name} at https://{environment.domain} ({environment.region}, {environment.size})")
    tell(f"release {current.number} of {current.at}, {current.image}" if current else "no release yet")
    tell(f"balancer {environment.outputs(aws)['BalancerName']}")
    steady = current is not None
    for name in SERVICES:
        service = found[name]
        state = service["deployments"][0]["rolloutState"] if service["deployments"] else "NONE"
        well = service["runningCount"] == service["desiredCount"] and state == "COMPLETED"
        steady &= well
        tell(
            f"{name:<7} {service['runningCount']} of {service['desiredCount']} tasks, "
            f"{definitions.short(service['taskDefinition'])}, {state.lower()}{'' if well else '  ←'}"
        )
        if not well:
            for event in service.get("events", [])[:3]:
                tell(f"        {event['createdAt']:%H:%M:%S} {event['message']}")
    return 0 if steady else 1


def rollback(aws: Aws, environment: Environment, options: argparse.Namespace) -> int:
    if options.list:
        current = Release.current(aws, environment)
        for one in Release.history(aws, environment):
            mark = "  ← runs" if current and one.number == current.number else ""
            tell(f"{one.number:>4}  {one.at}  {one.image}{mark}")
        return 0
    release.rollback(aws, environment, options.to, poll=options.poll, timeout=options.timeout)
    return 0


def logs(aws: Aws, environment: Environment, options: argparse.Namespace) -> int:
    amount, unit = AGE.fullmatch(options.since).groups()  # type: ignore[union-attr]  # argparse has matched it
    since = datetime.now(UTC) - timedelta(**{SPAN[unit]: int(amount)})
    prefix, seen = f"{options.role}/" if options.role else "", set()
    while True:
        begin = int(since.timestamp() * 1000)
        for event in tasks.events(aws, environment, prefix=prefix, since=begin, pattern=options.filter):
            if event["eventId"] not in seen:
                seen.add(event["eventId"])
                tell(f"{event['logStreamName'].partition('/')[0]:<7} {event['message'].rstrip()}")
        if not options.follow:
            return 0
        since = max(since, datetime.now(UTC) - timedelta(minutes=5))
        time.sleep(options.poll)


def run(aws: Aws, environment: Environment, options: argparse.Namespace) -> int:
    """Runs `manage.py …` once in the image that serves; its exit code is ours."""
    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    if not words:
        raise DeployError(f"Say what to run: python -m deploy run {environment.name} -- showmigrations")
    image = release.running_image(aws, services.describe(aws, environment))
    outputs = environment.outputs(aws)
    wanted = definitions.render("run", image, environment, outputs)
    definition = definitions.find(aws, wanted) or definitions.register(aws, wanted)
    task = tasks.start(aws, environment, outputs, definition, container="run", command=["manage", *words])
    say(f"manage.py {' '.join(words)} in {definitions.short(task)}")
    try:
        return tasks.wait(aws, environment, task, container="run", poll=options.poll)
    except KeyboardInterrupt:
        aws("ecs").stop_task(cluster=environment.cluster, task=task, reason="interrupted by its operator")
        raise


def scale(aws: Aws, environment: Environment, options: argparse.Namespace) -> int:
    """`web=3` fixes the least and asks for it now, `worker=2..6` sets the span, `web=0` stops it."""
    for word in options.counts:
        name, _, count = word.partition("=")
        if name not in SERVICES or not (given := COUNT.fullmatch(count)):
            raise DeployError(
                f"{word!r}: write SERVICE=COUNT or SERVICE=LEAST..MOST, with a service of {', '.join(SERVICES)}."
            )
        least, most = int(given[1]), int(given[2] or given[1])
        if name == "beat":
            if most > 1:
                raise DeployError("beat runs once or not at all: two would do everything twice.")
        else:
            least, most = span(aws, environment, name, least, most, fixed=given[2] is None)
        current = services.describe(aws, environment)[name]["desiredCount"]
        wanted = least if given[2] is None else min(max(current, least), most)
        aws("ecs").update_service(cluster=environment.cluster, service=name, desiredCount=wanted)
        say(f"{name}: {current} → {wanted} tasks" + (f", between {least} and {most}" if name != "beat" else ""))
    return 0


def span(aws: Aws, environment: Environment, name: str, least: int, most: int, *, fixed: bool) -> tuple[int, int]:
    """Tells the scaling between which counts it may move; a fixed count keeps the room above it, except 0."""
    if most < least:
        raise DeployError(f"{name}: {least}..{most} has its least above its most.")
    scaling, resource = aws("application-autoscaling"), f"service/{environment.cluster}/{name}"
    found = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[resource])["ScalableTargets"]
    if fixed and least and found:
        most = max(most, int(found[0]["MaxCapacity"]))
    scaling.register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=resource,
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=least,
        MaxCapacity=most,
    )
    return least, most


def restart(aws: Aws, environment: Environment, options: argparse.Namespace) -> int:
    """Starts the same release anew, one task after the other, so that it reads changed secrets."""
    names = options.services or list(SERVICES)
    if unknown := set(names) - set(SERVICES):
        raise DeployError(f"There is no service {', '.join(sorted(unknown))}; there are {', '.join(SERVICES)}.")
    found = services.running(services.describe(aws, environment))
    for name in names:
        aws("ecs").update_service(cluster=environment.cluster, service=name, forceNewDeployment=True)
        say(f"{name}: starting anew")
    wanted = {name: found[name] for name in names}
    services.wait(aws, environment, wanted, poll=options.poll, timeout=options.timeout)
    return 0


def stack(aws: Aws, environment: Environment, options: argparse.Namespace) -> int:
    from deploy import stacks  # needs cryptography, which a job that only deploys can do without

    if options.new_mail_password:
        stacks.mail_password(aws, environment)
    else:
        stacks.environment(aws, environment, poll=options.poll, dry=options.dry_run, replace=options.replace)
    return 0


def account(options: argparse.Namespace, session: "boto3.Session | None") -> int:
    from deploy import stacks

    region = options.region or Environment.load("production", options.environments).region
    stacks.account(Aws(region, session), github=options.github, poll=options.poll, dry=options.dry_run)
    return 0


def dns(aws: Aws, environment: Environment, options: argparse.Namespace) -> int:
    try:
        from deploy import dns as names
    except ModuleNotFoundError as missing:
        raise DeployError(f"This needs {missing.name}: install requirements-dev.txt.") from None

    if options.what == "switch":
        if options.back:
            names.switch_back(aws, environment)
        else:
            names.switch(aws, environment)
        return 0
    resolvers = [names.Resolver.parse(text) for text in options.resolver] or [names.Resolver.of_this_machine()]
    problems = names.check_environment(aws, environment, resolvers, expect=options.expect, most_ttl=options.max_ttl)
    for problem in problems:
        say(f"wrong: {problem}")
    say(f"{len(problems)} wrong" if problems else "all names lead where they should")
    return 1 if problems else 0


def image_for(aws: Aws, environment: Environment, options: argparse.Namespace) -> str:
    """The image that the options name, or nothing for the one that runs."""
    if options.push:
        return images.push(aws, environment, options.push)
    if options.promote:
        return release.promoted(aws, Environment.load(options.promote, options.environments))
    return images.resolve(aws, options.image) if options.image else ""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m deploy", description="Releases esa on AWS. deploy/README.md is the manual."
    )
    top.add_argument(
        "--environments",
        type=Path,
        default=ENVIRONMENTS,
        metavar="FOLDER",
        help="where ENV.toml is kept (deploy/environments)",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, what: Command, text: str, *, waits: bool = True) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text)
        one.set_defaults(run=what)
        one.add_argument(
            "environment", metavar="ENV", help="staging, production, or another file of deploy/environments"
        )
        one.add_argument("--poll", type=float, default=5, help="seconds between two looks (5)")
        if waits:
            one.add_argument("--timeout", type=float, default=900, help="seconds until a service must be stable (900)")
        return one

    def takes_image(one: argparse.ArgumentParser) -> None:
        which = one.add_mutually_exclusive_group()
        which.add_argument(
            "--image", default="", help="tag or digest in the repository; without it the image that runs"
        )
        which.add_argument("--push", default="", metavar="LOCAL", help="push this image of this machine's Docker first")
        which.add_argument("--promote", default="", metavar="FROM", help="the image of another environment's release")

    one = command("plan", plan, "say what deploy would change", waits=False)
    takes_image(one)
    one.add_argument("--exit-code", action="store_true", help=f"end with {CHANGES} when there is something to do")
    takes_image(command("deploy", deploy, "register, migrate, update the services, wait; go back when it fails"))
    takes_image(command("migrate", migrate, "run the migrate task and leave the services alone", waits=False))
    command("status", status, "tell what runs; 1 when something is not steady", waits=False)
    one = command("rollback", rollback, "run an earlier release again")
    one.add_argument("--to", type=int, metavar="NUMBER", help="which one (the one before)")
    one.add_argument("--list", action="store_true", help="only list the releases")
    one = command("logs", logs, "print the log of all processes, or of one", waits=False)
    one.add_argument(
        "role", nargs="?", default="", choices=["", "web", "worker", "beat", "migrate", "run"], metavar="ROLE"
    )
    one.add_argument("--since", default="10m", type=age, help="how far back: 90s, 10m, 2h, 1d (10m)")
    one.add_argument("--follow", action="store_true", help="go on until Ctrl-C")
    one.add_argument("--filter", default="", help="a CloudWatch Logs filter pattern")
    one = command("run", run, "run manage.py once: python -m deploy run ENV -- COMMAND …", waits=False)
    one.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND …")
    one = command("scale", scale, "set how many tasks run: web=3 worker=2..6", waits=False)
    one.add_argument("counts", nargs="+", metavar="SERVICE=COUNT")
    one = command("restart", restart, "start the same release anew, to read changed secrets")
    one.add_argument("services", nargs="*", metavar="SERVICE")
    one = command("stack", stack, "make or change the CloudFormation stacks of ENV, or of the account", waits=False)
    one.add_argument("--dry-run", action="store_true", help="only say what would change")
    one.add_argument("--replace", action="store_true", help="allow changes that lose data")
    one.add_argument("--new-mail-password", action="store_true", help="only make a new SMTP password")
    one.add_argument("--github", default="", metavar="OWNER/NAME", help="account: the repository that may deploy")
    one.add_argument("--region", default="", help="account: where (that of production)")
    one = command("dns", dns, "check where the domain leads, or switch it here and back", waits=False)
    one.add_argument("what", choices=["check", "switch"])
    one.add_argument(
        "--resolver", action="append", default=[], metavar="ADDRESS[:PORT]", help="ask this one (that of this machine)"
    )
    one.add_argument("--expect", default="", metavar="HOST", help="check: the old host, before the switch")
    one.add_argument("--max-ttl", type=int, metavar="SECONDS", help="check: the longest time to live that is right")
    one.add_argument("--back", action="store_true", help="switch: where it led before")
    return top


def age(text: str) -> str:
    if not AGE.fullmatch(text):
        raise argparse.ArgumentTypeError("write a number and s, m, h or d, such as 10m")
    return text


if __name__ == "__main__":
    sys.exit(main())
