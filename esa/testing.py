"""What every test stands on: the servers, a database that is already migrated, and a real browser."""

import asyncio
import contextlib
import gc
import os
import socket
import tempfile
from collections.abc import Callable, Generator, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import pytest
from django.db import connection

from esa.local import chromium, migrated_database, scratch
from esa.local.trouble import Trouble

if TYPE_CHECKING:
    from django.db.models import Field, Model
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from django.utils.safestring import SafeString
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize
    from pytest_django.live_server_helper import LiveServer

    from teams.models import Member, User

EXTERNAL = "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ
LONG = {"test_outages.py", "test_crashes.py", "test_beat.py", "test_backup.py", "test_run.py"}  # servers start and stop
LASTING = {"test_sentry.py"}  # Sentry wraps Django for good, and each request and query after it would take longer
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

VIEWPORT: "ViewportSize" = {"width": 1280, "height": 800}
REST = "/static/img/mark.svg"  # a page where nothing happens

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


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What has been loaded stays until the end: the collector of garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """At the end pytest collects garbage five times over all that there is."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, so that `-m "not browser"` leaves it out. The first worker begins with what mostly waits,
    the second with all that needs a browser, so that one is started and warm; others take over from their ends."""
    items.sort(key=lambda item: (item.path.name in LASTING, item.path.name not in LONG))
    browsing = [item for item in items if "browser" in getattr(item, "fixturenames", ())]
    for item in browsing:
        item.add_marker("browser")
    others = [item for item in items if not item.get_closest_marker("browser")]
    share = len(items) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = others[:share] + browsing + others[share:]


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


@pytest.fixture(scope="session", autouse=True)
def answers_know_their_page(django_test_environment: None) -> None:
    """`answer.context` is what the view gave to its page. Django would keep a copy of it for each of its thirty parts as well."""
    from django.template import Context, Template

    instrumented = Template._render  # type: ignore[attr-defined]

    def render(template: Template, context: Context) -> "SafeString":
        if context.template is template:
            return instrumented(template, context)
        return template.nodelist.render(context)

    Template._render = render  # type: ignore[attr-defined]


def begin_session(user: "User") -> str:
    """The key of a session as after a sign-in, without its ceremony and half of its queries; tests of accounts go through that."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from esa.sessions import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return session.session_key or ""


@cache
def _insertion(model: "type[Model]") -> "tuple[str, list[Field[Any, Any]]]":
    """The statement that inserts a row of a model unless there is one already, and the fields that it wants the values of."""
    quoted = connection.ops.quote_name
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(quoted(str(field.column)) for field in fields)
    values = ", ".join("%s" for _ in fields)
    insert = f"INSERT INTO {quoted(model._meta.db_table)} ({columns}) VALUES ({values})"
    return f"{insert} ON CONFLICT DO NOTHING RETURNING id", fields


def inserted(row: "Model") -> bool:
    """Save a new row as `row.save()` does, in a third of the time: the cast of a thousand tests comes by it. False: it is known."""
    statement, fields = _insertion(type(row))
    with connection.cursor() as cursor:
        cursor.execute(statement, [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields])
        made = cursor.fetchone()
    if made:
        row.pk, row._state.adding, row._state.db = made[0], False, connection.alias
    return bool(made)


# --- The browser ------------------------------------------------------------------------------------------------------


class LiveSite:
    """The running site as a browser sees it: the base domain and the team hosts, all on one port."""

    def __init__(self, server: "LiveServer") -> None:
        self.port = server.thread.port
        self.domain = f"esa.localhost:{self.port}"
        self.stand_in: Callable[[HttpRequest], HttpResponseBase] | None = None
        """What answers in place of the site, if a test wants to; static files are served all the same."""

    def url(self, path: str = "/", *, team: str = "") -> str:
        """The address of a page, on a team's host or on the base domain."""
        return f"http://{team}{'.' if team else ''}{self.domain}{path}"


@pytest.fixture
def live_site(live_server: "LiveServer", settings: Any, monkeypatch: pytest.MonkeyPatch) -> LiveSite:
    """The site on a real port, reachable as esa.localhost and TEAM.esa.localhost."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.http import HttpResponse

    from esa import stylesheet
    from esa.templatetags.esa import STATIC

    site = LiveSite(live_server)
    settings.ESA_DOMAIN = site.domain
    # The policy was written before anybody knew the port; forms may lead from one of our hosts to another.
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    directives = directives | {"form-action": ["'self'", site.domain, f"*.{site.domain}"]}
    settings.CONTENT_SECURITY_POLICY = settings.CONTENT_SECURITY_POLICY | {"DIRECTIVES": directives}
    serve, is_static = StaticFilesHandler.serve, StaticFilesHandler._should_handle

    def serve_as_whitenoise_does(handler: StaticFilesHandler, request: Any) -> Any:
        """One style sheet, kept by browsers, with the header of all answers, and open: the frame of a diagram has no
        origin, so its modules are another origin's."""
        if site.stand_in and not is_static(handler, request.path):
            return site.stand_in(request)
        response: HttpResponseBase = serve(handler, request)
        if handler.file_path(request.path) == stylesheet.NAME:
            response = HttpResponse(stylesheet.joined(STATIC / stylesheet.NAME), content_type="text/css")
        response.headers["Cache-Control"] = "max-age=31536000, public, immutable"
        response.headers["Cross-Origin-Opener-Policy"] = settings.SECURE_CROSS_ORIGIN_OPENER_POLICY
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    monkeypatch.setattr(StaticFilesHandler, "serve", serve_as_whitenoise_does)
    monkeypatch.setattr(
        StaticFilesHandler, "_should_handle", lambda handler, path: bool(site.stand_in) or is_static(handler, path)
    )
    return site


BEHAVIOURS = """async () => {
  const app = document.querySelector('script[type="module"][src*="/js/app."]')
  if (app) await (await import(app.src)).settled()
  await new Promise((done) => setTimeout(done))
}"""


def awake(page: "Page") -> "Page":
    """Wait until everything on the page behaves: a click or a key that comes earlier does what it does without scripts."""
    page.wait_for_load_state()
    page.evaluate(BEHAVIOURS)
    return page


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


class Person:
    """Somebody's browser, with cookies of its own and one tab. Most of what a page costs is a cold browser, so it serves
    one test after the other, and each finds it as if it had never been used; only static files stay in its cache."""

    def __init__(self, browser: "Browser", **options: Any) -> None:
        usual = {"locale": "en-US", "timezone_id": "Asia/Tokyo", "viewport": VIEWPORT}
        self.context: BrowserContext = browser.new_context(**usual | options)
        self.context.set_default_timeout(10_000)
        self.heard: list[tuple[str, Any]] = []
        self._page: Page | None = None

    def page(self) -> "Page":
        """The tab; one that crashed or was closed makes place for another."""
        if self._page is None or self._page.is_closed():
            self._page = self.context.new_page()
            hear = self._page.on

            def hear_for_one_test(event: Any, listener: Any) -> None:
                self.heard.append((event, listener))
                hear(event, listener)

            self._page.on = hear_for_one_test  # type: ignore[assignment, method-assign]
        return self._page

    def forget(self, rest: str) -> None:
        """Wait for the next test on a page where nothing happens, as new."""
        page = self.page()
        for event, listener in self.heard:
            page.remove_listener(event, listener)
        self.heard.clear()
        page.unroute_all(behavior="ignoreErrors")
        for other in self.context.pages:
            if other is not page:
                other.close()
        page.set_viewport_size(VIEWPORT)
        page.emulate_media(media="null", color_scheme="null", reduced_motion="null")
        page.goto(rest)
        tools = self.context.new_cdp_session(page)
        kinds = "cookies,local_storage,indexeddb,cache_storage,service_workers,file_systems"
        tools.send("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": kinds})
        tools.detach()


@pytest.fixture(scope="session")
def warm_browsers(browser: "Browser") -> list[Person]:
    """Those that have been asked for so far in this run."""
    return []


@pytest.fixture
def playwright_here(browser: "Browser", monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Playwright's loop runs in this thread, and Django would refuse the database because of it."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    _LOOP.enter()
    yield
    _LOOP.leave()


@pytest.fixture
def new_page(
    playwright_here: None,
    browser: "Browser",
    warm_browsers: list[Person],
    live_site: LiveSite,
    request: pytest.FixtureRequest,
) -> "Iterator[Callable[..., Page]]":
    """Sit one more person down at a browser; with keyword arguments, which are Playwright's, at a browser of that kind."""
    seated: list[Person] = []

    def sit_down(**options: Any) -> "Page":
        if options:
            person = Person(browser, **options)
        else:
            person = next((each for each in warm_browsers if each not in seated), None) or Person(browser)
            if person not in warm_browsers:
                warm_browsers.append(person)
        seated.append(person)
        return person.page()

    yield sit_down
    if getattr(request.node, "failed", False):
        _photograph([person.context for person in seated], request.node.name)
    for person in seated:
        if person in warm_browsers:
            person.forget(live_site.url(REST, team="docs"))
        else:
            person.context.close()


@pytest.fixture(scope="module")
def lasting_person(browser: "Browser", warm_browsers: list[Person], live_server: "LiveServer") -> Iterator[Person]:
    """Somebody who stays at the browser for all tests of a file, where a new page for each would cost more than the tests."""
    _LOOP.enter()
    person = warm_browsers.pop(0) if warm_browsers else Person(browser)
    _LOOP.leave()
    yield person
    _LOOP.enter()
    person.forget(LiveSite(live_server).url(REST, team="docs"))
    _LOOP.leave()
    warm_browsers.insert(0, person)


@pytest.fixture
def lasting_page(
    playwright_here: None, lasting_person: Person, live_site: LiveSite, request: pytest.FixtureRequest
) -> "Iterator[Page]":
    """The page as the test before left it; after a failure a new one."""
    page = lasting_person.page()
    yield page
    page.unroute_all(behavior="ignoreErrors")
    if getattr(request.node, "failed", False):
        _photograph([lasting_person.context], request.node.name)
        lasting_person.forget(live_site.url(REST, team="docs"))


@pytest.fixture
def page(new_page: "Callable[..., Page]") -> "Page":
    """A page of the first person's browser; `live_site.url("/posts/1", team="docs")` says where to go."""
    return new_page()


@pytest.fixture
def sign_in_browser(settings: Any) -> "Callable[[Page, Member], Page]":
    """Give the browser of a page the session of a member, on all hosts: `sign_in_browser(page, alice)` is the page."""

    def sign(page: "Page", member: "Member") -> "Page":
        assert member.user
        name, domain = settings.SESSION_COOKIE_NAME, f".{settings.SESSION_COOKIE_DOMAIN}"
        page.context.add_cookies([{"name": name, "value": begin_session(member.user), "domain": domain, "path": "/"}])
        return page

    return sign


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
