"""The files that the image and its operators live by say the same as the code."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.core.management import call_command

from esa import startup
from esa.environment import KNOWN
from esa.local.scratch import CHECKOUT

NAMES = {name for name in KNOWN if not name.endswith("_FILE")}
ENTRYPOINT = CHECKOUT / "entrypoint.sh"


def names_in(path: str, pattern: str) -> set[str]:
    return set(re.findall(pattern, (CHECKOUT / path).read_text(encoding="utf-8"), re.MULTILINE))


def test_the_example_names_every_setting_and_no_other():
    assert names_in(".env.example", r"^(?:# )?([A-Z][A-Z0-9_]+)=") == NAMES


def test_the_readme_has_a_row_for_every_setting():
    assert names_in("README.md", r"^\| `([A-Z][A-Z0-9_]+)` \|") == NAMES


def test_the_image_collects_what_the_settings_would_collect():
    """esa/frontend/collect.py names the packages with static files by hand, so that its layer needs none of our code."""
    folders = runpy.run_path(str(CHECKOUT / "esa/frontend/collect.py"))["folders"]()
    found = {path.relative_to(folder).as_posix() for folder in folders for path in folder.rglob("*") if path.is_file()}
    wanted = {str(name) for finder in finders.get_finders() for name, _storage in finder.list(["CVS", ".*", "*~"])}
    assert wanted <= found


def enter(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        [ENTRYPOINT, *words], env={"PATH": path} | environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("words", [(), ("bogus",), ("Web",)])
def test_an_unknown_mode_is_64_with_usage(words):
    done = enter(*words)
    assert done.returncode == 64
    assert "usage: docker run IMAGE MODE" in done.stderr
    assert done.stdout == ""


def test_help_is_no_mistake():
    assert (enter("help").returncode, enter("--help").returncode) == (0, 0)


def surround(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    """With these variables and no other of ours."""
    for name in KNOWN & os.environ.keys():
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


GOOD = {"SECRET_KEY": "k" * 40, "DATABASE_URL": "postgres://127.0.0.1/esa"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "mysql://host/db"}, "DATABASE_URL must begin with postgres://"),
        ({"REDIS_URL": "http://host"}, "REDIS_URL must begin with"),
        ({"WEB_CONCURRENCY": "many"}, "WEB_CONCURRENCY must be a whole number"),
        ({"ESA_MAINTENANCE": "maybe"}, "ESA_MAINTENANCE must be 1 or 0"),
        ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/no/such/file"}, "SECRET_KEY_FILE names /no/such/file"),
        ({"CLOUDFRONT_KEY_ID": "K1"}, "belong together"),
        ({"S3_STATIC_BUCKET": "static"}, "S3_STATIC_BUCKET needs CLOUDFRONT_DOMAIN"),
        ({"SENTRY_DSN": "https://nobody.example.com"}, "SENTRY_DSN is not an address of Sentry"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_wrong_setting_is_named_in_one_sentence_and_is_78(change, sentence, monkeypatch, capsys):
    surround(monkeypatch, GOOD | change)
    monkeypatch.delitem(sys.modules, "esa.settings")  # read them anew
    assert startup.main() == 78
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_the_entrypoint_ends_where_a_setting_is_wrong():
    done = enter("web", **GOOD | {"DATABASE_URL": ""})
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith("DATABASE_URL is not set;")
    assert done.stderr.count("\n") == 1


def test_a_secret_may_come_from_a_file(tmp_path, monkeypatch):
    (tmp_path / "key").write_text("k" * 40 + "\n")
    surround(monkeypatch, GOOD | {"SECRET_KEY": "", "SECRET_KEY_FILE": str(tmp_path / "key")})
    assert runpy.run_path(str(CHECKOUT / "esa/settings.py"))["SECRET_KEY"] == "k" * 40


def test_compose_sets_only_what_is_read_and_waits_for_what_it_needs():
    compose = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
    assert set(compose["x-esa"]["environment"]) <= NAMES
    for name in ("web", "worker", "beat"):
        assert compose["services"][name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert compose["services"][name]["read_only"]
    for name in ("postgres", "valkey", "s3"):
        assert compose["services"]["migrate"]["depends_on"][name] == {"condition": "service_healthy"}


@pytest.mark.parametrize("file", ["Dockerfile", "docker-compose.yml"])
def test_every_image_is_named_with_its_version_and_none_with_a_registry(file):
    text = (CHECKOUT / file).read_text()
    images = re.findall(r"^(?:ARG \w+_IMAGE=|\s+image: )(\S+)", text, re.MULTILINE)
    assert len(images) >= 2
    assert all(":" in image and "." not in image.partition("/")[0].partition(":")[0] for image in images)


def test_preflight_points_at_a_misspelt_setting(db, monkeypatch, capsys):
    monkeypatch.setenv("ESA_MAINTENANCE_MODE", "1")
    monkeypatch.setenv("SECRET_KEYS", "x")
    call_command("preflight")
    said = capsys.readouterr().out
    assert "! ESA_MAINTENANCE_MODE is set, and esa has no such setting" in said
    assert "! SECRET_KEYS is set, and esa has no such setting; SECRET_KEY?" in said
