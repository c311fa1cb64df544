"""The embedded servers: private, harmless, able to read Japanese, keeping their data, and gone when their starter is."""

import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.core.cache import cache
from django.db import connection

from esa.local import scratch
from esa.local.services import HOST, Account, Postgres, Server, Valkey, running
from esa.local.trouble import Trouble

STARTER = """
import sys
from pathlib import Path
from esa.local.scratch import CHECKOUT
from esa.local.services import Account, Postgres, Valkey, running
account, home = Account.for_servers(CHECKOUT), Path(sys.argv[1])
servers = Postgres(home, account, forgetful=True), Valkey(home, account, forgetful=True)
with running(*servers):
    print(*(server.process.pid for server in servers), flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def account():
    return Account.for_servers(scratch.CHECKOUT)


@pytest.fixture(scope="module")
def home(account):
    """Of servers that each test starts and stops; the first start makes the cluster."""
    with scratch._temporary_home(account) as folder:
        yield folder


@pytest.fixture
def fresh_home(account):
    with scratch._temporary_home(account) as folder:
        yield folder


def user_of(server: Server) -> int:
    assert server.process
    return Path(f"/proc/{server.process.pid}").stat().st_uid


@pytest.mark.django_db
def test_the_database_of_a_run_is_migrated_and_knows_the_trigrams_of_japanese():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        assert cursor.fetchone()[0] > 0
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute("SELECT similarity('日本語の記事', '日本語'), 'É' ILIKE 'é'")
        similarity, folded = cursor.fetchone()
    assert similarity > 0.2
    assert folded


def test_the_cache_of_a_run_is_a_real_one():
    cache.set("greeting", "こんにちは")
    assert cache.get("greeting") == "こんにちは"


def test_servers_run_as_an_ordinary_user_on_loopback_alone_and_let_nobody_in_without_the_password(home, account):
    postgres, valkey = Postgres(home, account, forgetful=True), Valkey(home, account, forgetful=True)
    with running(postgres, valkey):
        for server in (postgres, valkey):
            assert user_of(server) == account.uid != 0
            with socket.socket() as elsewhere:  # the port is free on another address of this machine
                elsewhere.bind(("127.0.0.2", server.port))
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(f"postgresql://esa:wrong@{HOST}:{postgres.port}/postgres")
        with socket.create_connection((HOST, valkey.port)) as line:
            line.sendall(b"KEYS *\r\n")
            assert line.recv(100).startswith(b"-NOAUTH")
        assert valkey.password not in Path(f"/proc/{valkey.process.pid}/cmdline").read_text()


def test_data_is_there_after_the_next_start(home, account):
    postgres = Postgres(home, account, forgetful=True)
    with running(postgres):
        postgres.create_database()
        with psycopg.connect(postgres.url(), autocommit=True) as line:
            line.execute("CREATE TABLE kept AS SELECT '残る'::text AS word")
    with running(postgres):
        postgres.create_database()  # is there already
        with psycopg.connect(postgres.url()) as line:
            assert line.execute("SELECT word FROM kept").fetchone() == ("残る",)


def test_data_of_another_version_is_left_alone(fresh_home, account):
    folder = fresh_home / "postgres"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("12\n")
    with pytest.raises(Trouble, match="made by PostgreSQL 12"):
        Postgres(fresh_home, account).start()
    assert (folder / "PG_VERSION").read_text() == "12\n"


def test_a_server_that_cannot_start_says_why(home, account):
    postgres = Postgres(home, account, forgetful=True)
    with running(postgres):
        pass
    configuration = postgres.data / "postgresql.conf"
    right = configuration.read_text()
    configuration.write_text("no_such_setting = 1\n")
    with pytest.raises(Trouble, match=r"Starting PostgreSQL failed: FATAL: .*postgresql\.conf.* contains errors"):
        postgres.start()
    configuration.write_text(right)


def test_a_killed_starter_leaves_no_server_behind(home):
    command = [sys.executable, "-c", STARTER, str(home)]
    starter = subprocess.Popen(command, cwd=scratch.CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    handles = [os.pidfd_open(int(pid)) for pid in starter.stdout.readline().split()]
    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    waiting = select.poll()
    for handle in handles:
        waiting.register(handle, select.POLLIN)
    ended: set[int] = set()
    while len(ended) < len(handles):
        events = waiting.poll(20_000)
        assert events, "a server outlived its starter"
        for handle, _ in events:
            waiting.unregister(handle)
            ended.add(handle)
            os.close(handle)


def test_the_set_up_needs_nothing_but_python():
    command = [sys.executable, "-S", "-c", "import esa.local.__main__, sys; sys.exit('django' in sys.modules)"]
    done = subprocess.run(command, cwd=scratch.CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("name", "value"), [("MEMORY", Path("/there/is/no/such/folder")), ("ROOM", 2**62)])
def test_where_there_is_no_memory_to_spare_servers_lie_on_the_disk(monkeypatch, account, name, value):
    monkeypatch.setattr(scratch, name, value)
    with scratch._temporary_home(account) as home:
        assert scratch.MEMORY not in home.parents


def test_a_folder_whose_name_is_too_long_for_a_socket_has_none(account):
    assert Postgres(Path("/tmp/short"), account, forgetful=True).sockets == "/tmp/short"
    assert Postgres(Path("/tmp") / ("long" * 25), account, forgetful=True).sockets == ""
    assert Postgres(Path("/tmp/short"), account).sockets == ""  # what is kept is reached with its password by the port
