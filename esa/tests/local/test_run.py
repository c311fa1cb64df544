"""`make run`: three processes under one terminal, which begin and end together."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from esa.local import installation
from esa.local.progress import CHECKOUT
from esa.local.services import HOST, free_port
from esa.local.supervisor import Supervisor
from esa.local.trouble import Trouble

WAITS = "print('here', flush=True); import signal; signal.pause()"
REFUSES_TO_END = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); signal.pause()"
)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_process_that_ends_by_itself_ends_all(capsys):
    supervisor = Supervisor({"web": python(WAITS), "beat": python("print('bye'); exit(3)")}, dict(os.environ))
    supervisor.start()
    with pytest.raises(Trouble, match=r"The beat process ended by itself \(exit code 3\)"):
        supervisor.follow()
    supervisor.stop()
    assert all(process.returncode is not None for process in supervisor.processes.values())
    assert "beat   | bye" in capsys.readouterr().out


def test_a_process_that_does_not_start_is_told_by_its_last_words(capsys):
    supervisor = Supervisor({"web": python("raise SystemExit('SECRET_KEY is not set')")}, dict(os.environ))
    supervisor.start()
    with pytest.raises(Trouble, match="Starting the web process failed: SECRET_KEY is not set"):
        supervisor.wait_for(f"http://{HOST}:{free_port()}/", "esa.localhost")
    supervisor.stop()


def test_a_process_that_ignores_the_end_is_ended(monkeypatch):
    monkeypatch.setattr("esa.local.supervisor.PATIENCE", 0.3)
    supervisor = Supervisor({"worker": python(REFUSES_TO_END)}, dict(os.environ))
    supervisor.start()
    supervisor.lines.get(timeout=20)
    supervisor.stop()
    assert supervisor.processes["worker"].returncode == -signal.SIGKILL


@pytest.mark.django_db(transaction=True)
def test_ctrl_c_ends_a_running_installation_and_leaves_nothing(tmp_path, docs, settings):
    """With DATABASE_URL and REDIS_URL set, it uses those servers and starts none."""
    (tmp_path / "demo.json").write_text(
        json.dumps([{"email": "a@example.com", "password": "open it", "role": "owner"}])
    )
    port = free_port()
    urls = {"DATABASE_URL": os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{settings.DATABASES['default']['NAME']}"}
    environment = (
        os.environ | urls | {"ESA_DATA": str(tmp_path), "PORT": str(port), "ESA_DOMAIN": f"esa.localhost:{port}"}
    )
    command = [sys.executable, "-m", "esa.local", "run"]
    run = subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    told = ""
    for line in run.stdout:
        told += line
        if "Ctrl-C ends everything" in line:
            break
    assert f"http://docs.esa.localhost:{port}" in told, told
    assert re.search(r"a@example\.com +password open it +\(owner\)", told)
    request = urllib.request.Request(
        f"http://{HOST}:{port}/static/css/app.css", headers={"Host": f"docs.esa.localhost:{port}"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
    children = children_of(run.pid)
    assert len(children) == 3  # web, worker and beat
    run.send_signal(signal.SIGINT)
    rest, _ = run.communicate(timeout=60)
    assert run.returncode == 0, rest
    assert "Traceback" not in told + rest
    assert rest.endswith("Ended.\n")
    assert not any(map(is_alive, children))
    assert not (tmp_path / "servers").exists()


def test_servers_that_do_not_answer_are_named(tmp_path, monkeypatch):
    port = free_port()
    monkeypatch.setenv("DATABASE_URL", os.environ["DATABASE_URL"].rpartition("/")[0] + "/postgres")
    gone = {"DATABASE_URL": f"postgres://x@{HOST}:{port}/x", "REDIS_URL": f"redis://{HOST}:{port}/0"}
    with monkeypatch.context() as patch:
        patch.setenv("REDIS_URL", gone["REDIS_URL"])
        patch.setenv("MEDIA_ROOT", str(tmp_path))
        with pytest.raises(Trouble, match="The server that REDIS_URL names does not answer"), installation._services():
            pass
    environment = os.environ | {"ESA_DATA": str(tmp_path), "DATABASE_URL": gone["DATABASE_URL"]}
    done = subprocess.run(
        [sys.executable, "-m", "esa.local", "manage", "check"],
        cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert re.fullmatch(r"\n✗ The database that DATABASE_URL names .*\n", done.stderr), done.stderr
