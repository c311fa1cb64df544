"""The installation that `make run` makes in this checkout: its servers, its environment, its data."""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from esa.local import frontend, scratch, translations
from esa.local.ports import address, alone, is_running, port, refuse_taken_port
from esa.local.progress import CHECKOUT, DATA, coloured, hand_over, run_tool, say, step
from esa.local.services import HOST, Account, Postgres, Server, Valkey, running
from esa.local.supervisor import Supervisor
from esa.local.trouble import Trouble

if TYPE_CHECKING:
    import psycopg

MANAGE = [sys.executable, "manage.py"]
SERVERS = DATA / "servers"
STATE = DATA / "run.json"
DEMO = DATA / "demo.json"


def run() -> int:
    """Bring everything up, say where it is, and keep it up until somebody ends it."""
    started = float(os.environ.get("ESA_STARTED") or time.monotonic())
    with alone():
        refuse_taken_port()
        prepare()
        with contextlib.ExitStack() as stack:
            with step("PostgreSQL and Valkey"):
                environment = stack.enter_context(_services())
            _write_private(STATE, json.dumps(environment))
            stack.callback(STATE.unlink, missing_ok=True)
            with step("Migrations"):
                # The worker checks everything when it starts, and ends if something is wrong.
                migrate = [*MANAGE, "migrate", "--no-input", "--skip-checks"]
                run_tool(migrate, doing="Migrating the database", env=environment)
            if _can_seed() and _is_empty(environment["DATABASE_URL"]):
                with step("A demo team"):
                    run_tool([*MANAGE, "seed"], doing="Seeding the demo team", env=environment)
            supervisor = Supervisor(_processes(), environment)
            stack.callback(_end, supervisor)
            with step("Web, worker and beat"):
                supervisor.start()
                supervisor.wait_for(
                    f"http://{HOST if address() == '0.0.0.0' else address()}:{port()}/healthz",
                    environment["ESA_DOMAIN"],
                )
            _welcome(environment, time.monotonic() - started)
            supervisor.follow()
    return 0


def manage(arguments: list[str]) -> int:
    """Run a management command on this installation, whether it is up or not."""
    with contextlib.ExitStack() as stack:
        environment = _environment_of_running() or stack.enter_context(_services())
        return hand_over([*MANAGE, *arguments], env=environment)


def messages() -> int:
    """Collect the strings of all three apps into esa/locale."""
    if not shutil.which("xgettext"):
        raise Trouble("Collecting messages needs GNU gettext (Debian, Ubuntu: apt-get install gettext).")
    ignored = [
        part for name in (".venv", "node_modules", ".data", "staticfiles", "tests") for part in ("--ignore", name)
    ]
    command = ["makemessages", "--locale", "ja", "--add-location", "file", "--no-obsolete", *ignored]
    environment = os.environ | scratch.ENVIRONMENT | {"DATABASE_URL": "postgres://127.0.0.1/none"}
    return hand_over([*MANAGE, *command], env=environment)


def prepare() -> None:
    """What has to be built before the first page can be shown."""
    frontend.prepare()
    translations.compile_all()


def _processes() -> dict[str, list[str]]:
    # Celery warns about root, who is nobody special in a container or on a rented machine.
    celery = [sys.executable, *"-W ignore:::celery.platforms -m celery --quiet -A esa".split()]
    gunicorn = [sys.executable, *"-m gunicorn --config python:esa.local.gunicorn_config".split()]
    return {
        "web": [*gunicorn, "--bind", f"{address()}:{port()}", "esa.wsgi"],
        "worker": [*celery, *"worker --loglevel=INFO --concurrency=2 --without-gossip --without-mingle".split()],
        "beat": [*celery, *"beat --loglevel=INFO --pidfile=".split()],
    }


@contextlib.contextmanager
def _services() -> Iterator[dict[str, str]]:
    """The environment of our processes, with embedded servers for what DATABASE_URL and REDIS_URL do not name."""
    environment = dict(os.environ)
    number = port()
    environment.setdefault("DEBUG", "True")
    environment.setdefault("ESA_DOMAIN", "esa.localhost" if number == 80 else f"esa.localhost:{number}")
    environment.setdefault("SECRET_KEY", _secret_key())
    environment.setdefault("EMAIL_URL", "consolemail://")
    environment.setdefault("MEDIA_ROOT", str(DATA / "media"))
    environment.setdefault("PYTHONUNBUFFERED", "1")
    Path(environment["MEDIA_ROOT"]).mkdir(parents=True, exist_ok=True)
    servers: list[Server] = []
    account = Account.for_servers(CHECKOUT)
    if not environment.get("DATABASE_URL"):
        servers.append(postgres := Postgres(_home(account), account))
    if not environment.get("REDIS_URL"):
        servers.append(valkey := Valkey(_home(account), account))
    with running(*servers):
        if not environment.get("DATABASE_URL"):
            postgres.create_database()
            environment["DATABASE_URL"] = postgres.url()
        else:
            _check_database(environment["DATABASE_URL"])
        if not environment.get("REDIS_URL"):
            environment["REDIS_URL"] = valkey.url()
        else:
            _check_redis(environment["REDIS_URL"])
        yield environment


def _home(account: Account) -> Path:
    """Where the servers live: .data/servers, which is a link to a place that their user can reach if .data is not."""
    if not SERVERS.exists() and not account.reaches(DATA):
        elsewhere = Path("/var/lib") / f"esa-{hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:12]}"
        elsewhere.mkdir(mode=0o755, exist_ok=True)
        SERVERS.unlink(missing_ok=True)
        SERVERS.symlink_to(elsewhere)
    SERVERS.resolve().mkdir(mode=0o755, exist_ok=True)
    home = SERVERS.resolve()
    if not account.reaches(home):
        raise Trouble(
            f"The databases are in {home}, which the user they run as cannot reach: let others enter its parent folders."
        )
    return home


def _secret_key() -> str:
    path = DATA / "secret_key"
    if not path.exists():
        _write_private(path, secrets.token_urlsafe(48))
    return path.read_text().strip()


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _environment_of_running() -> dict[str, str] | None:
    """The environment of the `make run` that is up, if one is."""
    if not STATE.exists() or not is_running():
        return None
    environment: dict[str, str] = json.loads(STATE.read_text(encoding="utf-8"))
    return environment


def _can_seed() -> bool:
    return (CHECKOUT / "esa" / "management" / "commands" / "seed.py").exists()


def _connect(url: str) -> "psycopg.Connection[tuple[Any, ...]]":
    import psycopg

    return psycopg.connect(url.replace("postgres://", "postgresql://", 1), connect_timeout=5)


def _is_empty(url: str) -> bool:
    with _connect(url) as connection:
        row = connection.execute("SELECT EXISTS (SELECT FROM teams_team)").fetchone()
    return row == (False,)


def _check_database(url: str) -> None:
    import psycopg

    try:
        _connect(url).close()
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1]
        raise Trouble(f"The database that DATABASE_URL names does not let us in: {reason}") from None


def _check_redis(url: str) -> None:
    import redis

    try:
        redis.Redis.from_url(url, socket_connect_timeout=5).ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise Trouble(f"The server that REDIS_URL names does not answer: {error}") from None


def _welcome(environment: dict[str, str], seconds: float) -> None:
    domain = environment["ESA_DOMAIN"]
    say()
    say(coloured(f"esa is up after {seconds:.1f} s", "1;32"))
    say(f"  {coloured(f'http://{domain}', '1')}        the landing page and your teams")
    say(f"  {coloured(f'http://docs.{domain}', '1')}   the demo team")
    accounts = json.loads(DEMO.read_text(encoding="utf-8")) if DEMO.exists() else []
    if accounts:
        say("  Sign in as")
    width = max((len(account["email"]) for account in accounts), default=0)
    for account in accounts:
        say(f"    {account['email']:<{width}}  password {coloured(account['password'], '1')}  ({account['role']})")
    say("  Mail is printed below. Ctrl-C ends everything; the data stays in .data")
    say()


def _end(supervisor: Supervisor) -> None:
    say("Ending web, worker and beat …")
    supervisor.stop()
