"""README.md and MOVE.md: every command in them is one that exists."""

import re
import shlex
from pathlib import Path

import pytest
from django.core.management import get_commands

from deploy.__main__ import parser
from deploy.environments import read_toml

HERE = Path(__file__).parents[1]
MANUALS = [HERE / "README.md", HERE / "MOVE.md"]


def commands(path: Path, program: str) -> list[str]:
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.findall(rf"`[^`\n]*?{program} ([^`\n]+)`|^(?:time |[A-Z_]+=\S+ )*{program} (.+)$", text, re.MULTILINE)
    return [(inline or block).partition(" #")[0].strip() for inline, block in found]


@pytest.mark.parametrize("path", MANUALS, ids=lambda path: path.name)
def test_every_deploy_command_can_be_typed(path: Path) -> None:
    found = [line for line in commands(path, "python -m deploy") if "…" not in line]
    assert len(found) > 15
    for line in found:
        words = [word for word in shlex.split(line.replace("ENV", "staging")) if not word.startswith("|")]
        try:
            parser().parse_args(words)
        except SystemExit:
            pytest.fail(f"{path.name}: python -m deploy {line}")


@pytest.mark.parametrize("path", MANUALS, ids=lambda path: path.name)
def test_every_management_command_exists(path: Path) -> None:
    asked = [line.partition(" -- ")[2] for line in commands(path, "python -m deploy") if " -- " in line]
    asked += commands(path, r"python manage\.py") + commands(path, r"manage\.py")
    names = {line.split()[0] for line in asked}
    assert names
    assert not names - get_commands().keys()


def test_the_sizes_of_the_manual_are_those_that_exist() -> None:
    sizes = read_toml(HERE / "sizes.toml")
    heading = next(
        line for line in MANUALS[0].read_text(encoding="utf-8").splitlines() if line.startswith("| | `staging`")
    )
    assert re.findall(r"`(\w+)`", heading) == list(sizes)
    web = [size["tasks"]["web"] for size in sizes.values()]
    assert [(one["cpu"], one["memory"]) for one in web] == [(256, 1024), (512, 2048), (1024, 4096), (2048, 8192)]
    assert [size["parameters"]["WebMin"] for size in sizes.values()] == [1, 2, 2, 4]
    assert [size["parameters"]["WorkerMin"] for size in sizes.values()] == [1, 1, 2, 3]
