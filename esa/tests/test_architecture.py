"""The shape of the code base, as a test: who may import whom, and where queries start."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MAY_IMPORT: dict[str, set[str]] = {"esa": set(), "teams": {"esa"}, "posts": {"esa", "teams"}}
COMPOSITION_ROOT = {"esa/settings.py", "esa/urls.py", "esa/testing.py", "esa/celery.py"}


@cache
def modules() -> list[tuple[str, str]]:
    return list(_modules())


def _modules() -> Iterator[tuple[str, str]]:
    for app in MAY_IMPORT:
        for path in sorted((ROOT / app).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not any(part in name for part in ("/tests/", "/migrations/", "/management/")):
                yield app, name


def imported_apps(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
    return names


@pytest.mark.parametrize(("app", "name"), [m for m in modules() if m[1] not in COMPOSITION_ROOT])
def test_imports_point_one_way(app, name):
    others = imported_apps(ast.parse((ROOT / name).read_text())) & (MAY_IMPORT.keys() - {app})
    assert others <= MAY_IMPORT[app], f"{name} imports {others - MAY_IMPORT[app]}"


@pytest.mark.parametrize("name", [name for _app, name in modules() if "/views/" in name or "/api/" in name])
def test_views_and_endpoints_reach_rows_only_through_whoever_asks(name):
    tree = ast.parse((ROOT / name).read_text())
    managers = [
        n.lineno for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr in {"objects", "_base_manager"}
    ]
    assert managers == [], f"{name} uses a manager in lines {managers}; start from scoping.py"


def test_only_the_settings_read_the_environment():
    readers = [
        name
        for _app, name in modules()
        if name
        not in {
            "esa/settings.py",
            "esa/environment.py",
            "esa/testing.py",
            "esa/celery.py",
            "esa/wsgi.py",
            "esa/healthcheck.py",
            "esa/backup.py",
        }
        and not name.startswith("esa/local/")
        and "os.environ" in (ROOT / name).read_text()
    ]
    assert readers == []


def test_every_question_before_a_deed_has_a_word_for_no():
    forms = [
        form
        for template in ROOT.glob("*/templates/**/*.html")
        for form in re.findall(r"<form[^>]*data-confirm=.*?>(?={% csrf)", template.read_text())
    ]
    assert len(forms) > 5
    assert [form for form in forms if "data-confirm-no=" not in form] == []
