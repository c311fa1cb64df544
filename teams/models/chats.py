"""What chats are told: one line and a few words below it, in the form that each takes. Names cannot become markup or
call anybody there."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import translation

if TYPE_CHECKING:
    from teams.models.event import Event

EXCERPT = 280


@dataclass(frozen=True)
class News:
    """What happened, to what, and where it can be read."""

    team: str
    deed: str
    title: str
    url: str
    excerpt: str
    icon: str


def news_of(event: "Event", payload: dict[str, Any]) -> News:
    from teams.models.event import Eventful

    subject = event.subject
    thread = subject.thread if isinstance(subject, Eventful) else None
    post, user = payload.get("post", {}), payload.get("user", {})
    with translation.override(_language(event)):
        return News(
            team=event.team.name,
            deed=event.deed(),
            title=thread.title_in_notices if thread else "",
            url=post.get("url", event.team.url(thread.address_in_notices() if thread else "/")),
            excerpt=_short(subject.excerpt_of(event, whole=True) if isinstance(subject, Eventful) else ""),
            icon=user.get("icon", {}).get("thumb_s", {}).get("url", ""),
        )


def slack(news: News) -> dict[str, Any]:
    text = f"{_slack(news.deed)}: <{news.url}|{_slack(news.title)}>"
    attachment = {"fallback": f"{news.deed}: {news.title}", "text": _slack(news.excerpt), "color": "#0a9b94"}
    return {"username": f"esa ({news.team})", "text": text, "attachments": [attachment] if news.excerpt else []}


def discord(news: News) -> dict[str, Any]:
    embed = {"title": news.title[:250], "url": news.url, "description": _plain(news.excerpt), "color": 0x0A9B94}
    return {"content": _plain(news.deed), "embeds": [embed], "allowed_mentions": {"parse": []}}


def teams(news: News) -> dict[str, Any]:
    """A card, as workflows of Microsoft Teams take it."""
    body: list[dict[str, Any]] = [
        {"type": "TextBlock", "text": _plain(news.deed), "wrap": True},
        {"type": "TextBlock", "text": _plain(news.title), "weight": "Bolder", "wrap": True},
    ]
    if news.excerpt:
        body.append({"type": "TextBlock", "text": _plain(news.excerpt), "wrap": True, "isSubtle": True})
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": "esa", "url": news.url}],
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


def chatwork(news: News) -> dict[str, str]:
    # Its tags are in square brackets: [To:123] would call somebody.
    deed, title, excerpt = (
        text.replace("[", "［").replace("]", "］") for text in (news.deed, news.title, news.excerpt)
    )
    return {"body": f"[info][title]{deed}: {title}[/title]{news.url}\n{excerpt}[/info]"}


def _slack(text: str) -> str:
    """Slack's own escapes; a mention is <!here> or <@id>, so without < there is none."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "¦")


def _plain(text: str) -> str:
    """Markdown that is not ours to render: no links, no emphasis, no mentions."""
    return re.sub(r"([\\`*_{}\[\]<>#|~@])", r"\\\1", text)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= EXCERPT else f"{text[: EXCERPT - 1]}…"


def _language(event: "Event") -> str:
    """Of whoever did it: a team's own language is what its people speak."""
    user = event.actor.user
    return (user and user.language) or "en"
