"""What everyday pages cost: every page in interleaved rounds of one run, so that a busy machine troubles all of them alike.

The unit is a bare signed-in view: Django with sessions and sign-in alone, one row by its key, and a small template.
"""

import io
import logging
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import override_settings
from django.urls import path
from django.utils.module_loading import import_string

from esa import middleware, urls
from posts.models import Post
from teams.models import Member, Team

SERVERS = ("postgres", "valkey-server", "redis-server")
PARAGRAPH = "## 設計の記録\n\n- [ ] サーバーの移行を確認する #12\n- [x] **Deploy** the `api`, ask @alice\n\n"


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


@cache
def template() -> Any:
    return engines["django"].from_string("<h1>{{ post.name }}</h1><p>{{ request.user.screen_name }}</p>")


def bare(request: HttpRequest) -> HttpResponse:
    post = Post.objects.only("number", "name").get(pk=int(request.GET["pk"]))
    return HttpResponse(template().render({"post": post, "request": request}))


urlpatterns = [path("bench/hello", hello), path("bench/bare", bare), *urls.urlpatterns]


@dataclass
class Case:
    """One page, and what it took each time."""

    name: str
    handler: WSGIHandler
    environ: dict[str, Any]
    body: bytes = b""
    spent: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    of_servers: float = 0.0
    status: str = ""
    size: int = 0
    queries: int = 0

    def once(self) -> None:
        """Answer one request as a server would, without the socket."""
        environ = {**self.environ, "wsgi.input": io.BytesIO(self.body), "wsgi.errors": io.StringIO()}
        told: list[str] = []
        response = self.handler(environ, lambda status, _headers, _problem=None: told.append(status))  # type: ignore[arg-type]
        self.size = len(b"".join(response))
        response.close()
        self.status = told[0].partition(" ")[0]

    def measure(self, times: int) -> None:
        servers = cpu_of_servers()
        for _ in range(times):
            cpu, wall = time.process_time(), time.perf_counter()
            self.once()
            self.spent.append((time.process_time() - cpu) * 1000)
            self.waited.append((time.perf_counter() - wall) * 1000)
        self.of_servers += (cpu_of_servers() - servers) * 1000

    def count(self) -> None:
        queries = middleware.Queries()
        seen: list[middleware.Queries] = []
        kept = middleware.Queries
        middleware.Queries = lambda: seen.append(queries) or queries  # type: ignore[assignment,misc,func-returns-value]
        try:
            self.once()
        finally:
            middleware.Queries = kept  # type: ignore[misc]
        self.queries = queries.count


def cpu_of_servers() -> float:
    """Seconds that the processes of database and cache on this machine have computed so far; 0 where /proc does not say."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name, _bracket, rest = (process / "stat").read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        if name in SERVERS:
            numbers = rest.split()
            total += int(numbers[11]) + int(numbers[12])
    return total / 100


class Bench:
    def __init__(self, team: Team, member: Member) -> None:
        self.team, self.member = team, member
        self.cookie = self._sign_in()
        self.post = self._post("bench: a page", wip=True)
        self.shipped = self._post("bench: a page for the world", wip=False)
        self.app = WSGIHandler()
        with override_settings(
            MIDDLEWARE=[
                "esa.middleware.Requests",
                "django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
            ]
        ):
            self.bare = WSGIHandler()
        with override_settings(MIDDLEWARE=[]):
            self.hello = WSGIHandler()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        """What was made for measuring goes; the invented team is closed again."""
        self._open(Team.Privacy.CLOSED)
        for post in (self.post, self.shipped):
            post.trash(by=self.member)
            post.delete()  # with revisions and references, of which `clean` knows nothing

    def _open(self, privacy: str) -> None:
        Team.objects.filter(pk=self.team.pk).update(privacy=privacy)

    def _sign_in(self) -> str:
        session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")()
        user = self.member.user
        assert user  # noqa: S101 (whoever is measured is a person)
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        return str(session.session_key)

    def _post(self, name: str, *, wip: bool) -> Post:
        body = PARAGRAPH * (4000 // len(PARAGRAPH))
        return Post.write(by=self.member, category="", name=name, tags=["bench"], body_md=body, wip=wip)

    def _environ(self, address: str, *, cookie: bool = True, form: dict[str, str] | None = None) -> tuple[Any, bytes]:
        target, _mark, query = address.partition("?")
        body = urlencode(form).encode() if form else b""
        token = "x" * 32
        cookies = [f"{settings.SESSION_COOKIE_NAME}={self.cookie}"] if cookie else []
        host = f"{self.team.name}.{settings.ESA_DOMAIN}"
        scheme = "https" if settings.ESA_HTTPS else "http"
        return {
            "REQUEST_METHOD": "POST" if form else "GET",
            "PATH_INFO": target,
            "QUERY_STRING": query,
            "SCRIPT_NAME": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": host,
            "HTTP_ORIGIN": f"{scheme}://{host}" if form else "",
            "HTTP_ACCEPT_LANGUAGE": "ja,en;q=0.5",
            "HTTP_COOKIE": "; ".join([*cookies, f"{settings.CSRF_COOKIE_NAME}={token}"]) if cookie else "",
            "HTTP_X_CSRFTOKEN": token,
            "CONTENT_TYPE": "application/x-www-form-urlencoded" if form else "",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": scheme,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }, body

    def cases(self) -> list[Case]:
        number, text = self.post.number, self.post.body_md
        save = {"title": self.post.name, "body_md": text, "base_number": "1", "wip": "true"}
        plain: list[tuple[str, str, dict[str, str] | None, bool]] = [
            ("post", f"/posts/{number}", None, True),
            ("home", "/", None, True),
            ("list", "/posts", None, True),
            ("search", f"/posts?q={quote('会議')}", None, True),
            ("editor", f"/posts/{number}/edit", None, True),
            ("preview of 4 kB", "/preview", {"body_md": text}, True),
            ("save of 4 kB", f"/posts/{number}/edit", save, True),
            ("raw .md", f"/posts/{number}.md", None, True),
            ("post, for the world", f"/posts/{self.shipped.number}", None, False),
        ]
        return [
            Case("hello", self.hello, *self._environ("/bench/hello", cookie=False)),
            Case("bare view, signed in", self.bare, *self._environ(f"/bench/bare?pk={self.post.pk}")),
            *(Case(name, self.app, *self._environ(to, form=form, cookie=who)) for name, to, form, who in plain),
        ]

    def run(self, rounds: int, say: Callable[[str], object]) -> None:
        logging.getLogger("esa.requests").setLevel(logging.ERROR)
        self._open(Team.Privacy.OPEN)
        with override_settings(ROOT_URLCONF="posts.bench_pages"):
            cases = self.cases()
            for case in cases:
                for _ in range(3):
                    case.once()
                case.count()
            for _ in range(rounds):
                for case in cases:
                    self._freshen(case)
                    case.measure(5)
        unit = statistics.median(cases[1].spent)
        say(f"{'':24}{'CPU ms':>8}{'best':>8}{'× bare':>8}{'servers':>9}{'ms':>8}{'queries':>9}{'bytes':>9}  status")
        for case in cases:
            spent = statistics.median(case.spent)
            say(
                f"{case.name:24}{spent:8.2f}{min(case.spent):8.2f}{spent / unit:8.2f}{case.of_servers / len(case.spent):9.1f}"
                f"{statistics.median(case.waited):8.1f}{case.queries:9}{case.size:9}  {case.status}"
            )

    def _freshen(self, case: Case) -> None:
        """A save must change something, and start from what is saved."""
        if case.name == "save of 4 kB":
            self.post.refresh_from_db(fields=["revision_number"])
            save = {
                "title": self.post.name,
                "body_md": f"{self.post.body_md}\n{time.time()}",
                "base_number": str(self.post.revision_number),
            }
            case.environ, case.body = self._environ(f"/posts/{self.post.number}/edit", form={**save, "wip": "true"})
