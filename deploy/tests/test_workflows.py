"""The GitHub workflows and the settings of Dependabot and Renovate say what the deploy command understands. Linters hold them to
their schemas (esa/local/quality.py)."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.__main__ import parser

GITHUB = Path(__file__).parents[2] / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


def workflow(name: str) -> dict[str, Any]:
    loaded: dict[Any, Any] = yaml.safe_load((GITHUB / "workflows" / f"{name}.yml").read_text(encoding="utf-8"))
    loaded["on"] = loaded.pop(True)  # YAML 1.1 reads the word as a truth
    return loaded


def test_every_action_is_pinned_by_its_commit() -> None:
    for path in WORKFLOWS:
        for line in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"\./\.github/workflows/\w+\.yml|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_every_expression_names_something_that_exists() -> None:
    for path in WORKFLOWS:
        content = workflow(path.stem)
        inputs = (
            set((content["on"].get("workflow_dispatch") or {}).get("inputs", {}))
            if isinstance(content["on"], dict)
            else set()
        )
        for name, job in content["jobs"].items():
            needs = job.get("needs", [])
            assert set(needs) <= content["jobs"].keys(), (path.name, name)
            steps = {step["id"] for step in job.get("steps", []) if "id" in step}
            for expression in EXPRESSION.findall(yaml.safe_dump(job, width=10_000)):
                assert set(re.findall(r"needs\.(\w+)", expression)) <= set(needs), (path.name, expression)
                assert set(re.findall(r"steps\.(\w+)", expression)) <= steps, (path.name, expression)
                assert set(re.findall(r"(?<!\w)inputs\.(\w+)", expression)) <= inputs, (path.name, expression)
            for called, output in re.findall(r"needs\.(\w+)\.outputs\.(\w+)", yaml.safe_dump(job)):
                uses = content["jobs"][called]["uses"]
                assert output in workflow(Path(uses).stem)["on"]["workflow_call"]["outputs"]


def test_the_parts_of_the_tests_are_all_of_them() -> None:
    parts = workflow("test")["jobs"]["test"]["strategy"]["matrix"]["include"]
    given = [shlex.split(part["tests"]) for part in parts if part["goal"] == "test"]
    assert ["-m", "browser"] in given
    others = [words for words in given if words[:2] == ["-m", "not browser"]]
    settings = tomllib.loads((GITHUB.parent / "pyproject.toml").read_text(encoding="utf-8"))
    everywhere = settings["tool"]["pytest"]["ini_options"]["testpaths"]
    assert sorted(path for words in others for path in words[2:]) == sorted(everywhere)
    assert len(others) + 1 == len(given)
    assert "lint" in {part["goal"] for part in parts}


def test_every_deploy_command_is_one_that_the_program_takes() -> None:
    commands = 0
    for path in WORKFLOWS:
        for job in workflow(path.stem)["jobs"].values():
            for step in job.get("steps", []):
                for line in re.findall(r"python -m deploy (.*)", step.get("run", "")):
                    words = re.sub(r"\$\{RELEASE:\+(.*)\}", r"\1", line.partition("|")[0])
                    words = (
                        words.replace("$ENVIRONMENT", "staging").replace("$DIGEST", "sha256:0").replace("$RELEASE", "7")
                    )
                    parser().parse_args(shlex.split(words))
                    commands += 1
    assert commands >= 5


@pytest.mark.parametrize(("name", "suffix"), [("deploy", "deploy"), ("db-migrate", "db-migrate")])
def test_a_branch_leads_to_its_environment(name: str, suffix: str) -> None:
    content = workflow(name)
    branches = set(content["on"]["push"]["branches"])
    wanted = {f"{environment}/{suffix}": environment for environment in ("production", "staging")}
    if name == "deploy":
        wanted["master"] = "production"
    assert branches == wanted.keys()
    mappings = re.findall(r"fromJSON\('(.*?)'\)", (GITHUB / "workflows" / f"{name}.yml").read_text(encoding="utf-8"))
    assert len(mappings) == 3
    assert {text: yaml.safe_load(text) for text in mappings} == dict.fromkeys(mappings, wanted)


def test_tests_and_image_run_beside_each_other_and_both_before_the_deployment() -> None:
    jobs = workflow("deploy")["jobs"]
    assert "needs" not in jobs["test"]
    assert "needs" not in jobs["image"]
    assert jobs["deploy"]["needs"] == ["test", "image"]


def test_no_job_holds_a_key_of_aws_and_only_those_that_need_it_ask_for_a_role() -> None:
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        assert "secrets." not in text
        assert "aws-access-key-id" not in text
        content = workflow(path.stem)
        assert content["permissions"] == {"contents": "read"}
        for name, job in content["jobs"].items():
            asks = "configure-aws-credentials" in yaml.safe_dump(job) or "image.yml" in job.get("uses", "")
            assert ((job.get("permissions") or {}).get("id-token") == "write") == asks, (path.name, name)
            assert not asks or "environment" in job or "image" in (name, path.stem), (path.name, name)


def test_an_image_is_built_once_per_tree_with_both_caches() -> None:
    steps = {step.get("id"): step for step in workflow("image")["jobs"]["build"]["steps"]}
    assert "git rev-parse 'HEAD^{tree}'" in steps["known"]["run"]
    assert steps["build"]["if"] == "${{ !steps.known.outputs.digest }}"
    for key in ("cache-from", "cache-to"):
        assert "type=gha" in steps["build"]["with"][key]
        assert "type=registry" in steps["build"]["with"][key]


def test_nothing_is_updated_by_both_bots() -> None:
    updates = yaml.safe_load((GITHUB / "dependabot.yml").read_text(encoding="utf-8"))["updates"]
    managers = yaml.safe_load((GITHUB / "renovate.json").read_text(encoding="utf-8"))["enabledManagers"]
    assert {one["package-ecosystem"] for one in updates} == {"uv", "github-actions"}
    assert set(managers) == {"npm", "dockerfile", "docker-compose"}
    assert all("groups" in one for one in updates)
