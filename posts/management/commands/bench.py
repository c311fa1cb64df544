"""Measure the product on invented teams of any size: `bench fill`, then `bench search`, then `bench clean`."""

import statistics
import time
from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.db.models import Model
from django.test import RequestFactory

from posts import bench, bench_pages
from posts.models import Post
from posts.search.results import search
from teams.http import TeamRequest
from teams.models import Member, Team, User

PREFIX = "bench-"
GIN = ("post_search_keys", "post_search_head", "post_search_tags")

WORDS = [
    "会", "会議", "設計", "移行", "京都", "議事録", "管理者", "性能改善", "サーバー", "インデックス", "データベース",
    "ECS移行", "AWSの", "go", "api", "deploy", "gresql", "user_id", "docs.example.com", "useState", "kubernetes",
    '"設計する"', "会議 設計", "会議 OR 障害", "サーバー -会議", "設計を確認した", "zzqx", "name:設計", "body:障害",
]  # fmt: skip
FILTERED = [
    "会議 in:議事録", "設計 #定例", "設計 wip:false", "会議 @bench-large-1", "障害 kind:stock", "設計 created:>2025-01",
    "サーバー stars:>3", "会議 in:日報 wip:false created:>2024", "設計 -in:日報 -#todo", "deploy in:Dev",
    "サーバー stars:<3", "設計 done:0", "サーバー @bench-large-3", "ログを確認 #db",
]  # fmt: skip
PARTS = [
    "name:設計", "title:サーバー", "full_name:db", "category:設計", "body:障害", "body:日報", "body:設計", "body:api",
    "body:db", "body:サーバー", "comment:設計",
]  # fmt: skip
FREQUENT = [
    "の", "-の", "c", "2024", "を確認", "example.com", "ログを", "データベースを", "デプロイした", "サーバーのログ",
    "test of", "サーバー のログ", "サーバー OR データベース OR ログ", "設計 サーバー ログ を確認",
]  # fmt: skip
FILTERS = [
    "",
    "in:日報",
    "in:Dev/設計",
    "#db",
    "@bench-large-3",
    "wip:true",
    "stars:>10",
    "stale:>180d",
    "kind:stock created:2025",
    "on:/",
]
SORTED = [
    "sort:stars-desc",
    "sort:full_name-asc",
    "sort:name-asc",
    "sort:comments-desc",
    "設計 sort:stars-desc",
    "会議 sort:name-asc",
]
TYPED = [
    "会",
    "会議",
    "会議の",
    "さ",
    "さーば",
    "サーバー",
    "デ",
    "デプロ",
    "p",
    "po",
    "post",
    "postgr",
    "設",
    "設計",
    "設計を",
]


class Command(BaseCommand):
    help = (
        "Measure on invented teams: fill (write them), search (its cases), pages (everyday ones), clean (remove them)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["fill", "search", "pages", "clean"])
        parser.add_argument("--posts", type=int, default=100_000, help="in the largest team (100000)")
        parser.add_argument("--others", type=int, default=0, help="posts in 20 more teams together (0)")
        parser.add_argument("--runs", type=int, default=5, help="how often each case is run (5)")
        parser.add_argument("--team", default=f"{PREFIX}large", help="the team that is searched")
        parser.add_argument("--force", action="store_true", help="also where DEBUG is off")

    def handle(self, *args: object, **options: Any) -> None:
        if not settings.DEBUG and not options["force"]:
            raise CommandError(
                "This writes, measures and removes teams named bench-…; say --force if you mean it here."
            )
        getattr(self, options["action"])(options)

    # --- Invented teams -----------------------------------------------------------------------------------------------

    def fill(self, options: dict[str, Any]) -> None:
        sizes = [("large", options["posts"]), *((f"team{n}", options["others"] // 20) for n in range(20))]
        began = time.monotonic()
        definitions = self._without_gin()
        for seed, (name, count) in enumerate(sizes):
            if count and not Team.objects.filter(name=PREFIX + name).exists():
                bench.fill(bench.found(PREFIX + name), count, seed=seed, progress=self._progress(name, count))
        self.stdout.write(f"written in {time.monotonic() - began:.0f} s; building indexes")
        began = time.monotonic()
        with connection.cursor() as cursor:
            for definition in definitions:
                cursor.execute(definition)
            for table in ("post_search", "posts_post"):
                cursor.execute(f"VACUUM (ANALYZE) {table}")  # as autovacuum does where it is on
        self.stdout.write(f"indexed in {time.monotonic() - began:.0f} s")

    def _without_gin(self) -> list[str]:
        """Building an index at once is twenty times faster than row by row."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = ANY(%s)", [list(GIN)])
            definitions = [row[0].replace(" ON ONLY ", " ON ") for row in cursor.fetchall()]
            for name in GIN:
                cursor.execute(f"DROP INDEX {name}")
        return definitions

    def _progress(self, name: str, count: int) -> Callable[[int], None]:
        def tell(done: int) -> None:
            if done % 10_000 == 0 or done == count:
                self.stdout.write(f"{name}: {done} / {count}")

        return tell

    def clean(self, options: dict[str, Any]) -> None:
        teams = Team.objects.filter(name__startswith=PREFIX)
        ids = list(teams.values_list("pk", flat=True))
        with transaction.atomic():  # foreign keys are checked at its end
            self._remove(Post, "team_id = ANY(%s)", ids)
        removed, _per_model = teams.delete()
        User.objects.filter(screen_name__startswith=PREFIX).delete()
        self.stdout.write(f"removed {removed} rows beside the posts")

    def _remove(self, model: type[Model], which: str, ids: list[int]) -> None:
        """Rows and all that hangs on them, without reading a hundred thousand of them into memory as Django would."""
        table = model._meta.db_table
        for relation in model._meta.related_objects:
            if relation.related_model is not model:
                of_these = f"{relation.field.column} IN (SELECT id FROM {table} WHERE {which})"  # noqa: S608
                self._remove(relation.related_model, of_these, ids)
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE {which}", [ids])  # noqa: S608

    # --- Pages --------------------------------------------------------------------------------------------------------

    def pages(self, options: dict[str, Any]) -> None:
        team = Team.objects.filter(name=options["team"], name__startswith=PREFIX).first()
        member = Member.objects.filter(team=team).exclude(user=None).select_related("team", "user").first()
        if team is None or member is None:
            raise CommandError(f"There is no team {options['team']}; run `manage.py bench fill` first.")
        self._sizes(team)
        with bench_pages.Bench(team, member) as measured:
            measured.run(options["runs"], self.stdout.write)

    # --- Search -------------------------------------------------------------------------------------------------------

    def search(self, options: dict[str, Any]) -> None:
        team = Team.objects.filter(name=options["team"]).first()
        if team is None:
            raise CommandError(f"There is no team {options['team']}; run `manage.py bench fill` first.")
        self._sizes(team)
        request = self._request(team)
        cases: list[tuple[str, list[str], dict[str, Any]]] = [
            ("words, newest first", WORDS, {}),
            ("words, best match", WORDS, {"sort": "best_match"}),
            ("words, with facets", WORDS, {"facets": True}),
            ("words, as the page asks", WORDS, {"facets": True, "sort": "best_match"}),
            ("frequent, likewise", FREQUENT, {"facets": True, "sort": "best_match"}),
            ("in one part of a post", PARTS, {"facets": True, "sort": "best_match"}),
            ("words and filters", FILTERED, {}),
            ("words and filters, likewise", FILTERED, {"facets": True, "sort": "best_match"}),
            ("filters alone", FILTERS, {}),
            ("other orders", SORTED, {}),
            ("page 5", WORDS, {"page": 5}),
            ("as one types", TYPED, {"per_page": 10, "count": False, "sort": "best_match"}),
        ]
        for title, sources, extra in cases:
            self._measure(title, sources, options["runs"], partial(search, request, **extra))

    def _measure(self, title: str, sources: list[str], runs: int, case: Callable[[str], object]) -> None:
        middle: dict[str, float] = {}
        for source in sources:
            taken = []
            for _ in range(runs):
                began = time.perf_counter()
                case(source)
                taken.append((time.perf_counter() - began) * 1000)
            middle[source] = statistics.median(taken)
        slowest = max(middle, key=lambda source: middle[source])
        ordered = sorted(middle.values())
        at95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
        self.stdout.write(
            f"{title:27} p50 {statistics.median(ordered):6.1f} ms   p95 {at95:6.1f} ms   max {ordered[-1]:6.1f} ms ({slowest})"
        )

    def _request(self, team: Team) -> TeamRequest:
        request: TeamRequest = RequestFactory().get("/posts")  # type: ignore[assignment]
        request.team, request.member = team, Member.objects.filter(team=team).select_related("user").first()
        return request

    def _sizes(self, team: Team) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(sum(pg_table_size(oid)), 0)::float, coalesce(sum(pg_indexes_size(oid)), 0)::float"
                " FROM pg_class WHERE relname ~ '^post_search_[0-9]+$' AND relkind = 'r'"
            )
            table, indexes = cursor.fetchone()
        here, everywhere = Post.objects.filter(team=team).count(), Post.objects.count()
        self.stdout.write(
            f"{here} posts in {team.name}, {everywhere} in all;"
            f" post_search {table / 1e6:.0f} MB and {indexes / 1e6:.0f} MB of indexes"
        )
