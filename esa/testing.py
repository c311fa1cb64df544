"""What every test stands on: the servers, a database that is already migrated, and a real browser."""

import asyncio
import contextlib
import os
import socket
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import pytest

from esa.local import chromium, migrated_database, scratch
from esa.local.trouble import Trouble

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page
    from pytest_django.live_server_helper import LiveServer

EXTERNAL = "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ
LONG = {"test_outages.py", "test_crashes.py", "test_beat.py", "test_backup.py", "test_run.py"}  # servers start and stop
FAILURES = scratch.CHECKOUT / ".data" / "failures"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
]

resources = contextlib.ExitStack()


# --- Servers and environment: before Django reads its settings --------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once per run; the workers of a parallel run inherit the environment and take a Valkey database each."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker:
        _prepare()
    elif "ESA_TEST_TEMPLATE" in os.environ:
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rsplit("/", 1)[0] + f"/{int(worker.removeprefix('gw')) + 1}"
    os.environ["MEDIA_ROOT"] = resources.enter_context(tempfile.TemporaryDirectory(prefix="esa-media-"))
    if "ESA_TEST_TEMPLATE" in os.environ:
        config.pluginmanager.register(migrated_database)
    # pytest-django looks for the settings before this file is loaded, so it leaves the set-up to us.
    os.environ["DJANGO_SETTINGS_MODULE"] = "esa.settings"
    django.setup()
    if config.getoption("numprocesses", None):
        # Or pytest-django reads them in each worker before its Valkey database is named above.
        del os.environ["DJANGO_SETTINGS_MODULE"]
    _resolve_localhost_names()


def pytest_unconfigure(config: pytest.Config) -> None:
    resources.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, so that `-m "not browser"` leaves it out; begin with what mostly waits, so that the other
    worker has something to take over until the end."""
    items.sort(key=lambda item: item.path.name not in LONG)
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


def _prepare() -> None:
    os.environ.update(scratch.ENVIRONMENT)
    os.environ["DJANGO_SETTINGS_MODULE"] = "esa.settings"
    if EXTERNAL:
        return
    try:
        os.environ.update(resources.enter_context(scratch.services()))
    except Trouble as trouble:
        pytest.exit(str(trouble), returncode=3)
    os.environ["ESA_TEST_TEMPLATE"] = scratch.TEMPLATE


def _resolve_localhost_names() -> None:
    """Let Python resolve NAME.localhost as browsers do."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        return resolve(
            "127.0.0.1" if isinstance(name, str) and name.endswith(".localhost") else host, *arguments, **options
        )

    if resolve.__module__ != __name__:
        socket.getaddrinfo = getaddrinfo


@pytest.fixture(scope="session", autouse=True)
def tables_as_migrated(django_db_setup: None, django_db_blocker: Any) -> None:
    """Whatever a test commits is gone after it, and nothing else."""
    from esa.local import as_migrated

    with django_db_blocker.unblock():
        as_migrated.remember()


# --- The browser ------------------------------------------------------------------------------------------------------


class LiveSite:
    """The running site as a browser sees it: the base domain and the team hosts, all on one port."""

    def __init__(self, server: "LiveServer") -> None:
        self.port = server.thread.port
        self.domain = f"esa.localhost:{self.port}"

    def url(self, path: str = "/", *, team: str = "") -> str:
        """The address of a page, on a team's host or on the base domain."""
        return f"http://{team}{'.' if team else ''}{self.domain}{path}"


@pytest.fixture
def live_site(live_server: "LiveServer", settings: Any, monkeypatch: pytest.MonkeyPatch) -> LiveSite:
    """The site on a real port, reachable as esa.localhost and TEAM.esa.localhost."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler

    site = LiveSite(live_server)
    settings.ESA_DOMAIN = site.domain
    # The policy was written before anybody knew the port; forms may lead from one of our hosts to another.
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    directives = directives | {"form-action": ["'self'", site.domain, f"*.{site.domain}"]}
    settings.CONTENT_SECURITY_POLICY = settings.CONTENT_SECURITY_POLICY | {"DIRECTIVES": directives}
    serve = StaticFilesHandler.serve

    def serve_as_whitenoise_does(handler: StaticFilesHandler, request: Any) -> Any:
        """The frame of a diagram has no origin, so its modules are another origin's."""
        response = serve(handler, request)
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    monkeypatch.setattr(StaticFilesHandler, "serve", serve_as_whitenoise_does)
    return site


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """One headless Chromium for the whole run."""
    from playwright.sync_api import sync_playwright

    path = chromium.find()
    if not path:
        pytest.fail(f"There is no Chromium here for the browser tests; Debian, Ubuntu: {chromium.HOW}", pytrace=False)
    playwright = sync_playwright().start()
    launched = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
    _LOOP.leave()
    yield launched
    _LOOP.enter()
    launched.close()
    playwright.stop()


@pytest.fixture
def new_context(browser: "Browser", request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Open one more person's browser, with cookies of its own; keyword arguments are Playwright's."""
    # Playwright's loop runs in this thread, and Django would refuse the database because of it.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    contexts: list[BrowserContext] = []

    def open_context(**options: Any) -> "BrowserContext":
        context = browser.new_context(
            **{"locale": "en-US", "timezone_id": "Asia/Tokyo", "viewport": {"width": 1280, "height": 800}} | options
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context

    _LOOP.enter()
    try:
        yield open_context
    finally:
        if getattr(request.node, "failed", False):
            _photograph(contexts, request.node.name)
        for context in contexts:
            context.close()
        _LOOP.leave()


@pytest.fixture
def page(new_context: Any, live_site: LiveSite) -> "Page":
    """A page of the first person's browser; `live_site.url("/posts/1", team="docs")` says where to go."""
    fresh: Page = new_context().new_page()
    return fresh


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.failed = True  # type: ignore[attr-defined]
    return report


def _photograph(contexts: "list[BrowserContext]", name: str) -> None:
    """Keep what the person saw when a test failed."""
    FAILURES.mkdir(parents=True, exist_ok=True)
    for number, shown in enumerate(page for context in contexts for page in context.pages):
        safe = "".join(letter if letter.isalnum() else "-" for letter in name)
        with contextlib.suppress(Exception):  # the picture is a help, not a second failure
            shown.screenshot(path=FAILURES / f"{safe}-{number}.png", full_page=True)
            Path(FAILURES / f"{safe}-{number}.html").write_text(shown.content(), encoding="utf-8")


class _PlaywrightLoop:
    """Playwright leaves its event loop marked as running in this thread; other tests must not see it."""

    loop: Any = None

    def enter(self) -> None:
        asyncio._set_running_loop(self.loop)

    def leave(self) -> None:
        self.loop = asyncio._get_running_loop() or self.loop
        asyncio._set_running_loop(None)


_LOOP = _PlaywrightLoop()
