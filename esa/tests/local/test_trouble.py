"""What goes wrong on a machine is said in one sentence that names the cause and the way out."""

import socket
from pathlib import Path

import pytest

from esa.local import bootstrap, ports
from esa.local.services import HOST
from esa.local.trouble import Trouble, explain, explain_os_error


@pytest.fixture
def taken_port():
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ("error: failed to write to /x/y.py\n cause: No space left on device (os error 28)", "the disk is full"),
        ("npm error code ENOSPC\nnpm error nospc There appears to be insufficient space", "the disk is full"),
        ("initdb: error: could not create directory: Read-only file system", "read-only"),
        ("error: Failed to fetch: `http://x/`\n cause: Connection refused (os error 111)", "registry does not answer"),
        ("ERROR: Could not find a version that satisfies uv (from versions: none)", "registry does not answer"),
        ("npm error code EAI_AGAIN\nnpm error request to x failed", "registry does not answer"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "certificate is not trusted"),
        ("cause: invalid peer certificate: UnknownIssuer", "certificate is not trusted"),
        (
            "error: Failed to build `zap @ x`\n error: [Errno 2] No such file or directory: 'gcc'",
            "zap has no ready-made",
        ),
        (
            "  ERROR: Failed building wheel for zap\nerror: command '/usr/bin/gcc' failed with exit code 1",
            "zap has no ready",
        ),
        ("error: can't find Rust compiler", "no compiler to build it"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "not the one that was locked"),
        ("npm error code EACCES", "cannot be written by this user"),
        (
            "npm error `npm ci` can only install packages when your package.json and package-lock.json or x are in sync",
            "make lock",
        ),
    ],
)
def test_a_tools_failure_is_told_by_its_cause(output, cause):
    sentence = explain(output, doing="Installing")
    assert sentence.startswith("Installing failed")
    assert cause in sentence
    assert "\n" not in sentence


def test_an_unknown_failure_is_told_by_the_line_that_says_most():
    assert explain("hm\nnpm error code E1\nnpm error it broke\nnpm error A complete log is in x", doing="It").endswith(
        "npm error it broke"
    )
    assert explain("Traceback\n  File x\nValueError: 7\n", doing="It") == "It failed: ValueError: 7"
    assert explain("", doing="It") == "It failed: it printed nothing"


def test_a_full_disk_and_a_forbidden_folder_are_named():
    with pytest.raises(OSError, match="No space") as full, Path("/dev/full").open("w") as device:
        device.write("x")
    assert "The disk is full" in explain_os_error(full.value)
    assert explain_os_error(PermissionError(13, "Permission denied", "/srv/x")).startswith("/srv/x cannot be written")


def test_a_taken_port_names_a_free_one(taken_port, monkeypatch):
    monkeypatch.setenv("PORT", str(taken_port))
    with pytest.raises(Trouble, match=rf"Port {taken_port} is taken .* make run PORT=\d+"):
        ports.refuse_taken_port()


@pytest.mark.parametrize("port", ["abc", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(port, monkeypatch):
    monkeypatch.setenv("PORT", port)
    with pytest.raises(Trouble, match="PORT must be a number"):
        ports.port()


def test_a_second_run_of_the_same_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(ports, "DATA", tmp_path)
    assert not ports.is_running()
    with ports.alone(), pytest.raises(Trouble, match="runs out of this folder already"):
        ports.refuse_second_run()
    ports.refuse_second_run()


def test_a_dead_registry_is_one_sentence(tmp_path, monkeypatch):
    with socket.socket() as closed:  # bound, and nobody listens
        closed.bind((HOST, 0))
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{HOST}:{closed.getsockname()[1]}/simple")
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        wanted = tmp_path / "wanted.txt"
        wanted.write_text(f"esa-that-is-not-there==1.0 --hash=sha256:{'0' * 64}\n")
        with pytest.raises(Trouble, match="Python packages failed because the package registry does not answer"):
            bootstrap.install(str(wanted))


def test_the_installer_itself_is_pinned_with_hashes():
    pin = bootstrap._pin_of("uv")
    assert pin.startswith("uv==")
    assert pin.count("--hash=sha256:") > 5
    assert "==" not in pin[5:]
