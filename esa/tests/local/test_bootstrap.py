"""Which of several Pythons the virtual environment is made with."""

import sys

import pytest

from esa.local import bootstrap

VERSION = ".".join(map(str, sys.version_info[:2]))


@pytest.fixture
def python(tmp_path, monkeypatch):
    """Puts a python3 that answers so before all others."""
    monkeypatch.delenv("PYTHON", raising=False)

    def put(script):
        path = tmp_path / "python3"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        return str(path)

    return put


def test_a_quicker_build_of_the_same_version_is_taken(python):
    quick = python(f"echo {VERSION} 0.0000001")
    assert bootstrap._quickest() == quick


@pytest.mark.parametrize("answer", ["echo 3.99 0.0000001", f"echo {VERSION} 1000", "exit 1", "echo what?"])
def test_another_version_a_slower_or_a_broken_one_is_not(python, answer):
    python(answer)
    assert bootstrap._quickest() == sys.executable


def test_one_that_is_named_is_taken(python, monkeypatch):
    python(f"echo {VERSION} 0.0000001")
    monkeypatch.setenv("PYTHON", "python3.12")
    assert bootstrap._quickest() == sys.executable
