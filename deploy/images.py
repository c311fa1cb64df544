"""The image of a release, named by its digest: a tag may lie, a digest cannot."""

import base64
import json
import re
import subprocess
from typing import Any

from botocore.exceptions import ClientError

from deploy.aws import Aws, code_of
from deploy.environments import Environment
from deploy.errors import DeployError
from deploy.progress import say

REPOSITORY = "esa"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
PLATFORMS = {"ARM64": "arm64", "X86_64": "amd64"}


def repository_uri(aws: Aws) -> str:
    try:
        found = aws("ecr").describe_repositories(repositoryNames=[REPOSITORY])["repositories"]
    except ClientError as problem:
        if code_of(problem) == "RepositoryNotFoundException":
            raise DeployError("The account has no image repository yet: python -m deploy stack account") from None
        raise
    return str(found[0]["repositoryUri"])


def resolve(aws: Aws, reference: str) -> str:
    """The image in our repository that a tag, a digest or a full name means, as REPOSITORY@DIGEST."""
    uri = repository_uri(aws)
    name = reference.removeprefix(uri).lstrip("@:") if reference.startswith(uri) else reference
    if "/" in name:
        raise DeployError(f"{reference} is not in {uri}; add --push to bring an image of this machine there.")
    which = {"imageDigest": name} if DIGEST.fullmatch(name) else {"imageTag": name}
    digest = digest_of(aws, which)
    if digest is None:
        raise DeployError(f"{uri} has no image {name}; push it first (--push), or name one that is there.")
    return f"{uri}@{digest}"


def digest_of(aws: Aws, which: dict[str, str]) -> str | None:
    try:
        found = aws("ecr").describe_images(repositoryName=REPOSITORY, imageIds=[which])["imageDetails"]
    except ClientError as problem:
        if code_of(problem) in {"ImageNotFoundException", "InvalidParameterException"}:
            return None
        raise
    return str(found[0]["imageDigest"]) if found else None


def push(aws: Aws, environment: Environment, local: str) -> str:
    """Brings an image of this machine's Docker into the repository; the same image is pushed once."""
    about: dict[str, Any] = json.loads(docker("image", "inspect", "--format", "{{json .}}", local))
    wanted = PLATFORMS[environment.architecture]
    if about["Architecture"] != wanted:
        raise DeployError(
            f"{local} is built for {about['Architecture']}, {environment.name} runs {wanted}: "
            f"docker build --platform linux/{wanted} …"
        )
    uri, tag = repository_uri(aws), "local-" + about["Id"].removeprefix("sha256:")[:20]
    if digest_of(aws, {"imageTag": tag}) is None:
        say(f"pushing {local} as {uri}:{tag}")
        login = aws("ecr").get_authorization_token()["authorizationData"][0]
        user, _, password = base64.b64decode(login["authorizationToken"]).decode().partition(":")
        docker("login", "--username", user, "--password-stdin", uri.partition("/")[0], given=password)
        docker("tag", local, f"{uri}:{tag}")
        docker("push", f"{uri}:{tag}")
    else:
        say(f"{local} is in {uri} already, as {tag}")
    return resolve(aws, tag)


def docker(*words: str, given: str | None = None) -> str:
    try:
        done = subprocess.run(["docker", *words], input=given, text=True, capture_output=True, check=False)
    except FileNotFoundError:
        raise DeployError("--push needs Docker on this machine, and there is none.") from None
    if done.returncode:
        raise DeployError(f"docker {words[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
