"""Invented teams to measure with: posts in Japanese and English that look like a team's, written as fast as COPY takes them."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from posts.models import Post
from posts.search import index
from teams.models import Member, Team, User

KANJI = (
    "会議事録設計画開発運用移行検証試験障害対応報告日週月年次顧客先方要件定義仕様変更管理者画面表示処理実装修正確認"
    "依頼承認申請契約請求書類作成更新削除登録検索機能性能改善環境構築手順概要目的背景課題解決策提案結論方針決定共有"
    "連携外部内容詳細情報技術基盤監視警告通知設定値数量単価金額計算集結果分析調査原因影響範囲期限予算担当部署組織人"
    "材採用面接研修教育資料説明質問回答意見感想発表大小中高低新旧前後左右上下東西南北京都市区町村国際電話番号住所名称"
)
KATAKANA = (
    "サーバー データベース デプロイ リリース インデックス ライブラリ フレームワーク コンテナ ログ エラー テスト レビュー"
    " ユーザー ページ ボタン フォーム リンク キャッシュ バックアップ リストア ネットワーク セキュリティ アクセス"
    " アカウント パスワード トークン スケジュール タスク メンバー チーム ミーティング プロジェクト ドキュメント"
    " テンプレート コメント スター ウォッチ カテゴリ タグ アラート メトリクス ダッシュボード コスト インフラ"
).split()
LATIN = (
    "AWS ECS RDS S3 PostgreSQL Redis Docker Kubernetes Terraform GitHub Slack API JSON HTML CSS JavaScript TypeScript"
    " Python Ruby Go Rust SQL HTTP TLS DNS CDN CI CD PR MTG KPI OKR user_id order_list sessionToken useState getServerSideProps"
    " docs.example.com app/models/user.rb config.yml v1.2.3 localhost:8080 --no-cache"
).split()
PARTICLES = "のをはがにでとへもや"
ENDINGS = "する。 した。 します。 しました。 している。 できる。 できない。 が必要。 を確認した。 について話した。 を進める。".split()
ENGLISH = (
    "the of and to in is we for that on with as it this are be from by an at have not can should when before after team"
    " server database deploy release index library cache error test review user page button form link backup network"
    " security access account password token schedule task member meeting project document template comment report"
    " design incident request customer payment invoice search feature performance change plan budget weekly daily note"
).split()
CATEGORIES = ["日報", "議事録", "Dev/設計", "Dev/運用", "Dev/API", "障害", "Templates", "Users", "Archived/Dev", "Help"]
TAGS = "定例 設計 運用 障害 インフラ API db release 採用 週報 見積 security aws memo todo 企画".split()


class Writer:
    """Makes up posts. The same seed makes the same posts."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        compounds = ["".join(pair) for pair in itertools.product(KANJI, KANJI) if pair[0] != pair[1]]
        self.chance.shuffle(compounds)
        longer = [a + b for a, b in itertools.pairwise(compounds[:12_000])]
        syllables = ["".join(pair) for pair in itertools.product("bcdfglmnprstv", "aeiou")]
        invented = ["".join(self.chance.choices(syllables, k=self.chance.randint(2, 4))) for _ in range(8000)]
        self.japanese = self._zipf([*compounds[:6000], *longer[:3000]])
        self.katakana = self._zipf(KATAKANA)
        self.latin = self._zipf([*LATIN, *(f"{a}_{b}" for a, b in zip(ENGLISH, reversed(ENGLISH), strict=True))])
        self.english = self._zipf([*ENGLISH, *invented])

    def _zipf(self, words: Sequence[str]) -> Callable[[int], list[str]]:
        """A few words often, most of them seldom."""
        weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))
        return lambda count: self.chance.choices(words, cum_weights=weights, k=count)

    def sentence(self) -> str:
        kinds = self.chance.choices("jjjjjkkl", k=self.chance.randint(2, 6))
        source = {"j": self.japanese, "k": self.katakana, "l": self.latin}
        return "".join(source[kind](1)[0] + self.chance.choice(PARTICLES) for kind in kinds)[:-1] + self.chance.choice(
            ENDINGS
        )

    def english_sentence(self) -> str:
        return " ".join(self.english(self.chance.randint(6, 16))).capitalize() + "."

    def body(self, *, english: bool) -> str:
        sentence = self.english_sentence if english else self.sentence
        parts = []
        for _ in range(max(1, int(self.chance.lognormvariate(1.3, 0.6)))):
            heading = " ".join(self.english(2)) if english else "".join(self.japanese(2))
            parts.append(f"# {heading}")
            shape = self.chance.random()
            if shape < 0.55:
                parts.append("\n".join(sentence() for _ in range(self.chance.randint(3, 9))))
            elif shape < 0.8:
                parts.append("\n".join(f"- {sentence()}" for _ in range(self.chance.randint(3, 8))))
            elif shape < 0.9:
                parts.append("```sh\n" + "\n".join(" ".join(self.latin(4)) for _ in range(4)) + "\n```")
            else:
                parts.append(f"https://example.com/{self.latin(1)[0]}/{self.chance.randrange(10**6)}\n\n{sentence()}")
        return "\n\n".join(parts)

    def category(self, day: datetime) -> str:
        root = self.chance.choice(["日報", "日報", "議事録", *CATEGORIES, ""])
        if root in ("日報", "議事録"):
            return f"{root}/{day:%Y/%m/%d}"
        return f"{root}/{self.japanese(1)[0]}" if root and self.chance.random() < 0.6 else root

    def post(self, now: datetime) -> dict[str, Any]:
        created = now - timedelta(seconds=self.chance.random() ** 1.5 * 6 * 365 * 86400)
        english = self.chance.random() < 0.2
        category = self.category(created)
        name = " ".join(self.english(4)).capitalize() if english else self.sentence()[:40].rstrip("。")
        return {
            "category": category,
            "name": name.replace("/", "-").replace("#", "").strip() or "note",
            "tags": list(dict.fromkeys(self.chance.choices(TAGS, k=self.chance.choice([0, 0, 1, 1, 2, 3])))),
            "body_md": self.body(english=english),
            "wip": self.chance.random() < 0.25,
            "kind": "flow" if category.count("/") == 3 else "stock",
            "created_at": created,
            "updated_at": created + (now - created) * self.chance.random() ** 8,
            "stars_count": int(self.chance.paretovariate(1.2)) - 1,
            "watches_count": self.chance.randint(1, 8),
        }


@dataclass(frozen=True)
class Bulk:
    """Where the posts of one invented team go."""

    team: Team
    members: list[Member]


def found(name: str, people: int = 20) -> Bulk:
    team = Team.objects.create(name=name)
    users = [User(email=f"{name}-{n}@example.com", screen_name=f"{name}-{n}", name=f"Bench {n}") for n in range(people)]
    members = [Member(team=team, user=user) for user in User.objects.bulk_create(users)]
    return Bulk(team, Member.objects.bulk_create(members))


def rows(bulk: Bulk, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Columns of posts, all of them: what is not made up has the model's default."""
    writer, now = Writer(seed), timezone.now()
    blank = Post(team=bulk.team)
    defaults = {column.attname: getattr(blank, column.attname) for column in Post._meta.concrete_fields}
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('posts_post', 'id'))")
        (first,) = cursor.fetchone()
        cursor.execute("SELECT setval(pg_get_serial_sequence('posts_post', 'id'), %s)", [first + count])
    for number in range(1, count + 1):
        authors = writer.chance.choices(bulk.members, k=2)
        made_up = writer.post(now)
        yield (
            defaults
            | made_up
            | {
                "id": first + number - 1,
                "number": number,
                "team_id": bulk.team.pk,
                "created_by_id": authors[0].pk,
                "updated_by_id": authors[1].pk,
                "body_html": f"<p>{made_up['name']}</p>",
                "toc": "[]",
                "revision_number": 1,
                "message": "Create post.",
            }
        )


@transaction.atomic
def fill(bulk: Bulk, count: int, *, seed: int = 1, progress: Callable[[int], None] = lambda done: None) -> None:
    """Write a team's posts and their search rows."""
    posts = _columns(Post)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE bench_search (LIKE post_search) ON COMMIT DROP")
    made = rows(bulk, count, seed)
    done = 0
    while part := list(itertools.islice(made, 2000)):
        _copy("posts_post", posts, ([row[column] for column in posts] for row in part))
        now = timezone.now()
        _copy("bench_search", index.COLUMNS, (index.row(_source(row), now=now) for row in part))
        done += len(part)
        progress(done)
    with connection.cursor() as cursor:
        columns = ", ".join(index.COLUMNS)
        cursor.execute(f"INSERT INTO post_search ({columns}) SELECT {columns} FROM bench_search")  # noqa: S608
    Team.objects.filter(pk=bulk.team.pk).update(last_post_number=count)


def _columns(model: type[Post]) -> list[str]:
    return [column.attname for column in model._meta.concrete_fields]


def _copy(table: str, columns: Sequence[str], values: Iterator[list[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)


def _source(row: dict[str, Any]) -> index.Source:
    headings = [line.lstrip("# ") for line in row["body_md"].split("\n") if line.startswith("#")]
    same = (
        "team_id",
        "number",
        "wip",
        "created_by_id",
        "updated_by_id",
        "created_at",
        "updated_at",
        "category",
        "name",
        "tags",
    )
    return index.Source(
        **{key: row[key] for key in same},
        post_id=row["id"],
        flow=row["kind"] == "flow",
        headings=headings,
        body=row["body_md"],
        comments=[],
    )
