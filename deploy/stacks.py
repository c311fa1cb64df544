"""The CloudFormation stacks: made and changed by change sets, and the secrets that CloudFormation cannot make."""

import base64
import hashlib
import hmac
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy import services
from deploy.aws import Aws
from deploy.environments import Environment
from deploy.errors import DeployError
from deploy.progress import say

TEMPLATES = Path(__file__).parent / "templates"
HOLDS_DATA = {"AWS::RDS::DBInstance", "AWS::S3::Bucket", "AWS::SecretsManager::Secret", "AWS::ECR::Repository"}
"""Types that a change set may neither replace nor remove unless told to."""


def account(aws: Aws, *, github: str, poll: float, dry: bool) -> None:
    given = {"GitHubRepository": github} if github else {}
    apply(aws, "esa-account", "account.yml", given, poll=poll, dry=dry, replace=False)


def environment(aws: Aws, environment: Environment, *, poll: float, dry: bool, replace: bool) -> None:
    """Both stacks of an environment, in order, and what belongs between them."""
    shared = {"Environment": environment.name, "Domain": environment.domain, **environment.parameters}
    public = "dry run" if dry and not environment.secret_arn(aws, "media-private-key") else media_key(aws, environment)
    apply(
        aws,
        environment.data_stack,
        "data.yml",
        {**shared, "MediaPublicKey": public},
        poll=poll,
        dry=dry,
        replace=replace,
    )
    if dry and aws.stack(environment.data_stack) is None:
        say(f"{environment.app_stack} builds on {environment.data_stack}, which is not there yet")
        return
    own = {"HostedZoneId": environment.hosted_zone_id, "LaunchType": environment.launch, **live(aws, environment)}
    if environment.architecture == "X86_64":
        own["InstanceImage"] = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
        own["InstanceType"] = "m7i.large"
    apply(aws, environment.app_stack, "app.yml", {**own, **shared}, poll=poll, dry=dry, replace=replace)
    if (
        not dry
        and str(environment.parameters.get("ManageMail", "true")) == "true"
        and not environment.secret_arn(aws, "email-url")
    ):
        mail_password(aws, environment)


def live(aws: Aws, environment: Environment) -> dict[str, str]:
    """What the services run now, so that a change of the stack does not take a release back."""
    if aws.stack(environment.app_stack) is None:
        return {}
    found = services.describe(aws, environment)
    if not all(services.released(service) for service in found.values()):
        return {}
    return {f"{name.capitalize()}TaskDefinition": arn for name, arn in services.running(found).items()}


def apply(aws: Aws, name: str, template: str, given: dict[str, Any], *, poll: float, dry: bool, replace: bool) -> None:
    """Makes or changes one stack; says each change first, and refuses to lose data."""
    cloudformation = aws("cloudformation")
    body = (TEMPLATES / template).read_text(encoding="utf-8")
    stack = aws.stack(name)
    status = stack["StackStatus"] if stack else ""
    if status.endswith("_IN_PROGRESS"):
        raise DeployError(f"{name} is being changed already ({status}).")
    if status in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}:
        raise DeployError(
            f"{name} was never made ({status}); remove it first: aws cloudformation delete-stack --stack-name {name}"
        )
    summary = cloudformation.get_template_summary(TemplateBody=body)
    declared = {one["ParameterKey"] for one in summary["Parameters"]}
    parameters: list[dict[str, Any]] = [
        {"ParameterKey": key, "ParameterValue": str(value)} for key, value in given.items() if key in declared
    ]
    common = {
        "StackName": name,
        "TemplateBody": body,
        "Parameters": parameters,
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": "app", "Value": "esa"}],
    }
    if stack is None:
        say(f"{name}: make it, of {', '.join(sorted(set(summary['ResourceTypes'])))}")
        if not dry:
            cloudformation.create_stack(**common, OnFailure="ROLLBACK")
            follow(aws, name, set(), poll=poll)
        return
    had = {one["ParameterKey"] for one in stack.get("Parameters", [])}
    parameters += [{"ParameterKey": key, "UsePreviousValue": True} for key in sorted(declared & had - given.keys())]
    changes = f"deploy-{int(time.time() * 1000)}"
    cloudformation.create_change_set(**common, ChangeSetName=changes, ChangeSetType="UPDATE")
    found = changes_of(aws, name, changes, poll=poll)
    losing = [one for one in found if one["ResourceType"] in HOLDS_DATA and loses(one)]
    if found:
        for one in found:
            again = ", made anew" if one.get("Replacement") == "True" else ""
            say(f"{name}: {one['Action'].lower()} {one['LogicalResourceId']} ({one['ResourceType']}{again})")
    else:
        say(f"{name} is as wanted")
    if not found or dry or (losing and not replace):
        cloudformation.delete_change_set(StackName=name, ChangeSetName=changes)
        if losing and not dry:
            names = ", ".join(one["LogicalResourceId"] for one in losing)
            raise DeployError(f"{name}: this would lose {names}; back it up, then say --replace.")
        return
    seen = {event["EventId"] for event in events(aws, name)}
    cloudformation.execute_change_set(StackName=name, ChangeSetName=changes)
    follow(aws, name, seen, poll=poll)


def loses(change: dict[str, Any]) -> bool:
    return change["Action"] == "Remove" or change.get("Replacement") == "True"


def changes_of(aws: Aws, name: str, changes: str, *, poll: float) -> list[dict[str, Any]]:
    while True:
        answer = aws("cloudformation").describe_change_set(StackName=name, ChangeSetName=changes)
        if answer["Status"] == "CREATE_COMPLETE":
            return [change["ResourceChange"] for change in answer["Changes"]]
        if answer["Status"] == "FAILED":
            reason = answer.get("StatusReason", "")
            if "didn't contain changes" in reason or "No updates are to be performed" in reason:
                return []
            raise DeployError(f"{name}: CloudFormation refuses the change: {reason}")
        time.sleep(poll)


def follow(aws: Aws, name: str, seen: set[str], *, poll: float) -> None:
    """Prints what happens to the stack until it has ended."""
    while True:
        for event in reversed(events(aws, name)):
            if event["EventId"] not in seen:
                seen.add(event["EventId"])
                reason = f": {event['ResourceStatusReason']}" if "ResourceStatusReason" in event else ""
                say(f"{name}: {event.get('LogicalResourceId')} {event['ResourceStatus']}{reason}")
        stack = aws.stack(name)
        status = stack["StackStatus"] if stack else "gone"
        if not status.endswith("_IN_PROGRESS"):
            break
        time.sleep(poll)
    if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        raise DeployError(f"{name} ended as {status}; the lines above say why.")
    say(f"{name}: {status}")


def events(aws: Aws, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = aws("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    return found


def media_key(aws: Aws, environment: Environment) -> str:
    """The public half of the key that signs addresses of attachments; makes the pair when there is none."""
    manager = aws("secretsmanager")
    name = environment.secret("media-private-key")
    if environment.secret_arn(aws, "media-private-key"):
        pem = manager.get_secret_value(SecretId=name)["SecretString"].encode()
        key = serialization.load_pem_private_key(pem, password=None)
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)  # CloudFront takes this size only
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        manager.create_secret(Name=name, Description="Signs addresses of attachments", SecretString=pem.decode())
        say(f"made the key pair of attachments, {name}")
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public.decode()


def mail_password(aws: Aws, environment: Environment) -> None:
    """Makes a new SMTP password and puts EMAIL_URL into its secret; the one before stays good until the next time."""
    iam, manager = aws("iam"), aws("secretsmanager")
    user = f"esa-{environment.name}-mailer"
    had = sorted(iam.list_access_keys(UserName=user)["AccessKeyMetadata"], key=lambda key: key["CreateDate"])
    for old in had[:-1]:  # AWS keeps two at most
        iam.delete_access_key(UserName=user, AccessKeyId=old["AccessKeyId"])
    key = iam.create_access_key(UserName=user)["AccessKey"]
    password = quote(smtp_password(key["SecretAccessKey"], environment.region), safe="")
    url = f"smtp+tls://{key['AccessKeyId']}:{password}@email-smtp.{environment.region}.amazonaws.com:587"
    name = environment.secret("email-url")
    if environment.secret_arn(aws, "email-url"):
        manager.put_secret_value(SecretId=name, SecretString=url)
    else:
        manager.create_secret(Name=name, Description="EMAIL_URL", SecretString=url)
    say(f"{name} has a new password for sending mail")


def smtp_password(secret_key: str, region: str) -> str:
    """The SMTP password that belongs to an access key, as SES documents it."""
    signature = ("AWS4" + secret_key).encode()
    for part in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
        signature = hmac.new(signature, part.encode(), hashlib.sha256).digest()
    return base64.b64encode(b"\x04" + signature).decode()
