"""`python -m deploy` against moto: what is registered, what runs, and what happens when something fails."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.__main__ import main
from deploy.dns import plain
from deploy.tests.conftest import MANIFEST, REGION, Cloud

FAMILIES = ["esa-staging-beat", "esa-staging-migrate", "esa-staging-web", "esa-staging-worker"]


def families(cloud: Cloud) -> list[str]:
    return [arn.rpartition("/")[2].partition(":")[0] for arn in cloud.definitions()]


def runs(cloud: Cloud) -> dict[str, str]:
    return {name: service["taskDefinition"].rpartition("/")[2] for name, service in cloud.services().items()}


def test_the_stack_is_made_from_the_templates_and_waits_for_a_release(cloud: Cloud) -> None:
    services = cloud.services()
    assert {service["desiredCount"] for service in services.values()} == {0}
    records = cloud.client("route53").list_resource_record_sets(HostedZoneId=cloud.zone)["ResourceRecordSets"]
    aliases = {plain(record["Name"]) for record in records if "AliasTarget" in record}
    assert aliases == {"staging.example.com", "*.staging.example.com"}
    database = cloud.client("rds").describe_db_instances()["DBInstances"][0]
    assert database["StorageEncrypted"]
    assert database["BackupRetentionPeriod"] == 3


def test_the_secrets_open_the_database_and_the_mail_server(cloud: Cloud) -> None:
    def value(name: str) -> str:
        return str(cloud.client("secretsmanager").get_secret_value(SecretId=f"esa/staging/{name}")["SecretString"])

    assert value("database-url").startswith("postgres://esa:")
    assert value("database-url").endswith(".rds.amazonaws.com:5432/esa?sslmode=require")
    assert value("redis-url").endswith("@esa.cache.example:6379/0?ssl_cert_reqs=required")
    assert value("email-url").startswith("smtp+tls://")
    assert value("media-private-key").startswith("-----BEGIN RSA PRIVATE KEY-----")


def test_without_an_image_the_first_deployment_says_what_is_missing(cloud: Cloud) -> None:
    code, told = cloud.run("deploy", "staging")
    assert code == 1
    assert "name its first image" in told


def test_an_image_that_is_not_there_stops_the_deployment(cloud: Cloud) -> None:
    code, told = cloud.run("deploy", "staging", "--image", "nope")
    assert code == 1
    assert "has no image nope" in told
    assert cloud.definitions() == []


def test_the_first_deployment_registers_four_definitions_migrates_and_starts_the_services(cloud: Cloud) -> None:
    digest = cloud.image("first")
    code, told = cloud.run("deploy", "staging", "--image", "first")
    assert code == 0, told
    assert families(cloud) == FAMILIES
    assert [task["taskDefinitionArn"] for task in cloud.stub.started] == [cloud.definitions()[1]]
    assert sorted(service["taskDefinition"] for service in cloud.services().values()) == [
        arn for arn in cloud.definitions() if "migrate" not in arn
    ]
    assert {service["desiredCount"] for service in cloud.services().values()} == {1}
    assert told.index("migrate: done") < told.index("web: esa-staging-placeholder:1 → esa-staging-web:")
    web = cloud.client("ecs").describe_task_definition(taskDefinition="esa-staging-web")["taskDefinition"]
    assert web["containerDefinitions"][1]["image"].endswith(f"@{digest}")
    assert "release 1 of staging is live" in told


def test_a_second_run_changes_nothing(released: Cloud) -> None:
    before, tasks, history = (
        released.services(),
        len(released.stub.started),
        released.run("rollback", "staging", "--list"),
    )
    for words in (["--image", "one"], []):
        code, told = released.run("deploy", "staging", *words)
        assert (code, "nothing to do" in told) == (0, True)
    assert families(released) == FAMILIES
    assert released.services() == before
    assert len(released.stub.started) == tasks
    assert released.run("rollback", "staging", "--list") == history


def test_a_plan_says_what_would_change_and_changes_nothing(released: Cloud) -> None:
    assert released.run("plan", "staging", "--exit-code")[0] == 0
    released.image("two")
    code, told = released.run("plan", "staging", "--image", "two", "--exit-code")
    assert code == 10
    assert "web: a new revision of esa-staging-web" in told
    assert "image esa@sha256:" in told
    assert "migrate: runs before the services change" in told
    assert "services that change: worker, web, beat" in told
    assert families(released) == FAMILIES


def test_a_failing_migration_stops_the_deployment_and_the_old_version_serves(released: Cloud) -> None:
    serving = runs(released)
    released.image("broken")
    released.stub.exit_codes["migrate"] = 1
    code, told = released.run("deploy", "staging", "--image", "broken")
    assert code == 3
    assert "migrate ended with 1" in told
    assert runs(released) == serving
    # Nothing was recorded as migrated either, so that the next try migrates again.
    released.stub.exit_codes.clear()
    before = len(released.stub.started)
    code, told = released.run("deploy", "staging", "--image", "broken")
    assert code == 0, told
    assert len(released.stub.started) == before + 1
    assert runs(released)["web"] != serving["web"]


def test_a_service_that_does_not_become_stable_gets_its_old_version_again(released: Cloud) -> None:
    serving = runs(released)
    released.image("sick")
    released.stub.failing = {"web"}
    code, told = released.run("deploy", "staging", "--image", "sick")
    assert code == 4
    assert "circuit breaker" in told
    assert runs(released) == serving
    assert "release 1" in released.run("status", "staging")[1]


def test_a_service_that_ecs_turned_back_fails_the_deployment(released: Cloud) -> None:
    released.image("sick")
    released.stub.turned_back = {"worker": released.services()["worker"]["taskDefinition"]}
    code, told = released.run("deploy", "staging", "--image", "sick")
    assert code == 4
    assert "ECS went back to the release before" in told


def test_the_very_first_release_that_fails_is_stopped(cloud: Cloud) -> None:
    cloud.image("stillborn")
    cloud.stub.failing = {"web"}
    code, told = cloud.run("deploy", "staging", "--image", "stillborn")
    assert code == 4, told
    assert {service["desiredCount"] for service in cloud.services().values()} == {0}


def test_when_going_back_fails_too_the_exit_code_calls_for_somebody(released: Cloud) -> None:
    released.image("sick")
    released.stub.failing, released.stub.good = {"web"}, set()
    code, told = released.run("deploy", "staging", "--image", "sick")
    assert code == 5
    assert "look at it" in told


def test_a_rollback_runs_the_release_before_and_forward_again(released: Cloud) -> None:
    first = runs(released)
    released.image("two")
    assert released.run("deploy", "staging", "--image", "two")[0] == 0
    second = runs(released)
    assert second != first
    code, told = released.run("rollback", "staging")
    assert code == 0, told
    assert runs(released) == first
    code, told = released.run("rollback", "staging")
    assert code == 1
    assert "no release before this one" in told
    assert released.run("rollback", "staging", "--to", "2")[0] == 0
    assert runs(released) == second
    listed = released.run("rollback", "staging", "--list")[1].splitlines()
    assert [line.split()[0] for line in listed] == ["1", "2"]
    assert listed[1].endswith("← runs")


def test_a_deployment_after_a_rollback_is_a_new_release(released: Cloud) -> None:
    for tag in ("two", "three"):
        released.image(tag)
        assert released.run("deploy", "staging", "--image", tag)[0] == 0
    assert released.run("rollback", "staging", "--to", "1")[0] == 0
    code, told = released.run("deploy", "staging", "--image", "three")
    assert code == 0
    assert "release 4 of staging is live" in told


def test_a_stack_update_keeps_the_release_that_runs(released: Cloud) -> None:
    from deploy import stacks

    given = stacks.live(released.aws, released.environment)
    assert given == {
        f"{name.capitalize()}TaskDefinition": service["taskDefinition"] for name, service in released.services().items()
    }
    before = runs(released)
    assert released.run("stack", "staging")[0] == 0
    assert runs(released) == before


def test_production_gets_by_digest_what_staging_proved(released: Cloud) -> None:
    code, told = released.run("plan", "production", "--promote", "staging")
    assert code == 1
    assert "production has no stack" in told  # the image was found; only this test has no second stack
    code, told = released.run("plan", "staging", "--promote", "production")
    assert code == 1
    assert "production has no release" in told


def test_migrate_runs_alone_and_leaves_the_services(released: Cloud) -> None:
    serving = runs(released)
    released.image("two")
    before = len(released.stub.started)
    assert released.run("migrate", "staging", "--image", "two")[0] == 0
    assert runs(released) == serving
    assert len(released.stub.started) == before + 1
    # The deployment that follows does not migrate the same image a second time.
    assert released.run("deploy", "staging", "--image", "two")[0] == 0
    assert len(released.stub.started) == before + 1


def test_status_is_zero_only_when_all_is_steady(released: Cloud) -> None:
    code, told = released.run("status", "staging")
    assert code == 0
    assert "web     1 of 1 tasks, esa-staging-web:" in told
    released.stub.failing, released.stub.good = {"web"}, set()
    code, told = released.run("status", "staging")
    assert code == 1
    assert "web     0 of 1 tasks" in told


def test_run_gives_the_exit_code_of_the_command(released: Cloud) -> None:
    code, told = released.run("run", "staging", "--", "showmigrations", "--plan")
    assert code == 0
    assert "manage.py showmigrations --plan" in told
    assert released.stub.started[-1]["overrides"]["containerOverrides"] == [
        {"name": "run", "command": ["manage", "showmigrations", "--plan"]}
    ]
    released.stub.exit_codes["run"] = 42
    assert released.run("run", "staging", "--", "check")[0] == 42
    assert families(released).count("esa-staging-run") == 1


def test_logs_are_printed_with_their_process(released: Cloud) -> None:
    logs = released.client("logs")
    for stream, text in (("web/web/1", "hello from web"), ("worker/worker/1", "hello from worker")):
        logs.create_log_stream(logGroupName="/esa/staging", logStreamName=stream)
        event = {"timestamp": int(time.time() * 1000), "message": text}
        logs.put_log_events(logGroupName="/esa/staging", logStreamName=stream, logEvents=[event])
    assert released.run("logs", "staging", "--since", "5m")[1].split("\n")[:2] == [
        "web     hello from web",
        "worker  hello from worker",
    ]
    asked: list[dict[str, object]] = []  # moto answers with all streams, whatever is asked
    keep = lambda params, **_: asked.append(params)  # noqa: E731
    logs.meta.events.register("before-parameter-build.logs.FilterLogEvents", keep)
    released.run("logs", "staging", "web", "--filter", "error")
    logs.meta.events.unregister("before-parameter-build.logs.FilterLogEvents", keep)
    assert (asked[0]["logStreamNamePrefix"], asked[0]["filterPattern"]) == ("web/", "error")


def test_scale_sets_the_count_and_the_span(released: Cloud) -> None:
    def span(name: str) -> tuple[int, int]:
        found = released.client("application-autoscaling").describe_scalable_targets(
            ServiceNamespace="ecs", ResourceIds=[f"service/esa-staging/{name}"]
        )["ScalableTargets"][0]
        return found["MinCapacity"], found["MaxCapacity"]

    assert released.run("scale", "staging", "web=3", "worker=2..5")[0] == 0
    assert (released.services()["web"]["desiredCount"], span("web")) == (3, (3, 3))
    assert (released.services()["worker"]["desiredCount"], span("worker")) == (2, (2, 5))
    assert released.run("scale", "staging", "web=0")[0] == 0
    assert (released.services()["web"]["desiredCount"], span("web")) == (0, (0, 0))
    code, told = released.run("scale", "staging", "beat=2")
    assert code == 1
    assert "two would do everything twice" in told
    assert released.run("scale", "staging", "web=1..2", "worker=1..2")[0] == 0


def test_a_deployment_leaves_a_service_stopped_that_was_stopped(released: Cloud) -> None:
    released.run("scale", "staging", "worker=0")
    released.image("two")
    assert released.run("deploy", "staging", "--image", "two")[0] == 0
    assert released.services()["worker"]["desiredCount"] == 0
    released.run("scale", "staging", "worker=1..2")


def test_restart_begins_a_new_deployment_of_the_same_release(released: Cloud) -> None:
    serving = runs(released)
    code, told = released.run("restart", "staging", "web")
    assert code == 0, told
    assert runs(released) == serving
    assert released.run("restart", "staging", "cron")[0] == 1


def test_a_new_mail_password_replaces_the_old_one_and_keeps_the_last(cloud: Cloud) -> None:
    secrets = cloud.client("secretsmanager")
    before = secrets.get_secret_value(SecretId="esa/staging/email-url")["SecretString"]
    for _ in range(3):
        assert cloud.run("stack", "staging", "--new-mail-password")[0] == 0
    keys = cloud.client("iam").list_access_keys(UserName="esa-staging-mailer")["AccessKeyMetadata"]
    assert len(keys) == 2
    assert secrets.get_secret_value(SecretId="esa/staging/email-url")["SecretString"] != before


def test_push_brings_an_image_of_this_machine_to_the_repository_once(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in for Docker writes down what it was asked, and puts the image where a push would."""
    said = tmp_path / "said"
    docker = tmp_path / "docker"
    digest = "sha256:" + "cd" * 32
    pushed = {"repositoryName": "esa", "imageDigest": digest, "imageManifest": "{}", "imageManifestMediaType": MANIFEST}
    put_image = {
        "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.PutImage",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/ecr/aws4_request",
    }
    about = json.dumps({"Id": "sha256:" + "ab" * 32, "Architecture": "arm64"})
    docker.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        f"open({str(said)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        f"if sys.argv[1] == 'image': print({about!r})\n"
        "if sys.argv[1] == 'login': assert sys.stdin.read()\n"
        "if sys.argv[1] != 'push': sys.exit()\n"
        "import json, os, urllib.request\n"
        f"image = dict({pushed!r}, imageTag=sys.argv[2].rpartition(':')[2])\n"
        f"asked = urllib.request.Request(os.environ['AWS_ENDPOINT_URL'], json.dumps(image).encode(), {put_image!r})\n"
        "urllib.request.urlopen(asked).close()\n"
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert cloud.run("deploy", "staging", "--push", "esa:latest")[0] == 0
    words = [line.split()[0] for line in said.read_text().splitlines()]
    assert words == ["image", "login", "tag", "push"]
    assert cloud.run("deploy", "staging", "--push", "esa:latest")[0] == 0
    assert said.read_text().count("push") == 1
    docker.write_text(docker.read_text().replace("arm64", "amd64"))
    code, told = cloud.run("deploy", "staging", "--push", "esa:latest")
    assert code == 1
    assert "is built for amd64, staging runs arm64" in told


def test_the_command_itself_starts_and_names_what_aws_refuses(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [sys.executable, "-m", "deploy", "--environments", str(cloud.environments), "status", "staging"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1  # moto alone says that nothing runs
    assert "no release yet" in done.stdout
    assert done.stderr == ""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert main(words[3:]) == 6
    assert "AWS cannot be reached" in cloud.capture()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["status", "nowhere"], 1),
        (["scale", "staging", "web=many"], 1),
        (["run", "staging"], 1),
    ],
)
def test_a_wrong_word_is_told_in_a_sentence(cloud: Cloud, words: list[str], code: int) -> None:
    got, told = cloud.run(*words)
    assert got == code
    assert "error: " in told
