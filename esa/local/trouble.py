"""What can go wrong on a machine, said in one sentence that a person can act on."""

import errno
import re
import shutil
import sys
from pathlib import Path


class Trouble(Exception):
    """One sentence for the person at the terminal; it ends the command without a traceback."""


def explain(output: str, *, doing: str) -> str:
    """Find the cause in what a tool printed, and say it in a sentence."""
    for pattern, sentence in _CAUSES:
        if re.search(pattern, output, re.IGNORECASE):
            package = re.search(
                r"fail(?:ed|ure) (?:to build|building wheel for) [`'\"]?([\w.-]+)", output, re.IGNORECASE
            )
            return sentence.format(doing=doing, package=package[1] if package else "one of them")
    return f"{doing} failed: {_gist(output)}"


def explain_os_error(error: OSError) -> str:
    """Say which place is full, read-only or forbidden."""
    place = f"{error.filename}" if error.filename else "the project's folder"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(_existing(Path(place))).free // 2**20
        return f"The disk is full ({free} MB left at {place}): free about 2 GB and start again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{place} cannot be written by this user: make it writable, or use a checkout of your own."
    return f"The system refused ({error.strerror or error}): {place}."


def fail(sentence: str) -> int:
    """Print the sentence and give the exit code."""
    red, plain = ("\x1b[31m", "\x1b[0m") if sys.stderr.isatty() else ("", "")
    print(f"\n{red}✗ {sentence}{plain}", file=sys.stderr, flush=True)
    return 1


def _gist(output: str) -> str:
    """The line that says most: the first that calls itself an error, or the last (as a traceback has it)."""
    lines = [re.sub(r"^\d{4}-[\d: .-]+UTC \[\d+\] ", "", line.strip()) for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(npm )?error:? (?!code|A complete log)", line, re.IGNORECASE)]
    return ([*errors[:1], *lines[-1:]] or ["it printed nothing"])[0][:300]


def _existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


# The first that fits wins: the causes that hide behind others come first.
_CAUSES = [
    (
        r"package\.json and package-lock\.json .*are in sync",
        "{doing} failed: package.json and package-lock.json do not belong together; run `make lock`.",
    ),
    (
        r"no space left on device|disk quota exceeded|ENOSPC",
        "{doing} failed because the disk is full: free about 2 GB and start again.",
    ),
    (
        r"read-only file system|EROFS",
        "{doing} failed because the folder is on a read-only file system: use a checkout that can be written.",
    ),
    (
        r"(no such file or directory: |command |unable to execute )['\"][\w./+-]*(gcc|cc|g\+\+|clang|rustc|cargo)['\"]"
        r"|can't find rust compiler|microsoft visual c\+\+ .* is required",
        "{doing} failed: {package} has no ready-made package for this machine, and there is no compiler to build it "
        "(Debian, Ubuntu: apt-get install build-essential python3-dev).",
    ),
    (
        r"certificate verify failed|invalid peer certificate|UnknownIssuer|SELF_SIGNED_CERT",
        "{doing} failed: the package registry's certificate is not trusted here; "
        "if a proxy re-signs traffic, name its certificate in SSL_CERT_FILE and NODE_EXTRA_CA_CERTS.",
    ),
    (
        r"failed to fetch|connection refused|error sending request|network is unreachable|name or service not known"
        r"|temporary failure in name resolution|could not connect|dns error|timed out|tcp connect error|newconnectionerror"
        r"|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNRESET|ENETUNREACH|max retries exceeded|from versions: none"
        r"|HTTP status (server|client) error|50[234] (bad gateway|service unavailable|gateway)",
        "{doing} failed because the package registry does not answer: check the network (or the mirror and proxy settings) "
        "and start again.",
    ),
    (
        r"permission denied|EACCES|EPERM",
        "{doing} failed because a file cannot be written by this user: check who owns the checkout.",
    ),
    (
        r"hash(es)? (mismatch|do not match)|do not match the hashes|EINTEGRITY",
        "{doing} failed: a downloaded package is not the one that was locked; nothing was installed.",
    ),
]
