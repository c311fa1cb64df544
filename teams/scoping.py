"""The way to people and what belongs to the team: through whoever asks."""

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from teams.http import MemberRequest, PersonRequest, TeamRequest
from teams.models import ApiCall, Delivery, Event, Group, Invitation, Member, Notification, Slack, TokenGrant, Webhook
from teams.models.access_token import TokenGrantQuerySet
from teams.models.emoji import Emoji, EmojiQuerySet
from teams.models.group import GroupQuerySet
from teams.models.invitation import InvitationQuerySet
from teams.models.member import MemberQuerySet
from teams.models.notification import NotificationQuerySet
from teams.models.webhook import WebhookQuerySet


def team_members(request: TeamRequest) -> MemberQuerySet:
    """Members see each other; outsiders see nobody, not even the number."""
    members: MemberQuerySet = request.team.members.active()
    return members.for_display() if request.member else members.none()


def find_member(request: TeamRequest, screen_name: str) -> Member:
    return get_object_or_404(team_members(request), user__screen_name__iexact=screen_name)


def open_categories(request: TeamRequest) -> tuple[str, ...] | None:
    """The categories that an API token is let into by the policy of its team; None, as for pages, where all are open."""
    access = getattr(request, "access", None)
    return access.categories if access else None


def within(categories: tuple[str, ...], column: str = "category") -> Q:
    """A post in one of the categories or below it; `dev` does not open `dev-secret`, and no category opens nothing."""
    inside = Q(pk__in=[])
    for path in categories:
        inside |= Q(**{column: path}) | Q(**{f"{column}__startswith": f"{path}/"})
    return inside


def counted_members(request: TeamRequest) -> MemberQuerySet:
    """Members with the number of their posts that this asker may know, as `seen_posts`."""
    categories = open_categories(request)
    if categories is None:
        return team_members(request).with_seen_posts()
    return team_members(request).with_seen_posts(Q(posts__deleted_at=None) & within(categories, "posts__category"))


def find_member_by_name_or_email(request: TeamRequest, text: str) -> Member:
    """By screen name, or by e-mail address, which has an @ and so is nobody's screen name."""
    if "@" in text:
        return get_object_or_404(counted_members(request), user__email__iexact=text)
    return get_object_or_404(counted_members(request), user__screen_name__iexact=text)


def team_groups(request: TeamRequest) -> GroupQuerySet:
    """The groups of the team; outsiders know of none."""
    groups: GroupQuerySet = request.team.groups.select_related("team").order_by("name")
    return groups if request.member else groups.none()


def find_group(request: TeamRequest, name: str) -> Group:
    return get_object_or_404(team_groups(request), name=name.lower())


def removable_group(request: MemberRequest, name: str) -> Group:
    """Owners remove groups; a member is told so."""
    group = find_group(request, name)
    if not request.member.is_owner:
        raise PermissionDenied
    return group


def token_grants(request: MemberRequest) -> TokenGrantQuerySet:
    """The tokens of members that ask for this team, those that wait first; for owners."""
    grants = TokenGrant.objects.for_display().filter(member__in=request.team.members.active())
    return grants.order_by("decision", "-pk") if request.member.is_owner else grants.none()


def noted_api_calls(request: MemberRequest) -> QuerySet[ApiCall]:
    """What programs asked of this team, newest first; for owners."""
    calls = ApiCall.objects.filter(team=request.team).select_related("member__user").order_by("-pk")
    return calls if request.member.is_owner else calls.none()


def my_memberships(request: PersonRequest | MemberRequest) -> MemberQuerySet:
    """The teams somebody is in, each with its number of members."""
    here = Count("team__members", filter=Q(team__members__left_at=None, team__members__user__is_active=True))
    memberships: MemberQuerySet = request.user.memberships.active()
    return memberships.for_display().annotate(members_count=here).order_by("team__name")


def pending_invitations(request: TeamRequest) -> InvitationQuerySet:
    return request.team.invitations.pending()


def find_invitation(request: MemberRequest, code: str) -> Invitation:
    return get_object_or_404(pending_invitations(request), code=code)


def offered_invitation(request: TeamRequest, code: str) -> Invitation:
    """The invitation that somebody holds the link to; whoever has it may be anybody."""
    if not request.team:
        raise Http404
    return get_object_or_404(pending_invitations(request).select_related("invited_by__user", "team"), code=code)


def shared_invitation(request: TeamRequest, code: str) -> None:
    """404 unless the team's shared link is this one; without a team, or with an old code, nothing tells the cases apart."""
    if not request.team or request.team.invitation_code != code:
        raise Http404


# --- What one is told, what happens, and where it is sent ---------------------------------------------------------------


def my_notifications(request: TeamRequest) -> NotificationQuerySet:
    """One's own; nobody else's inbox exists for anybody."""
    if not request.member:
        raise Http404
    notifications: NotificationQuerySet = request.member.notifications.in_app()
    return notifications


def find_notification(request: MemberRequest, pk: int) -> Notification:
    return get_object_or_404(my_notifications(request), pk=pk)


def team_events(request: MemberRequest) -> QuerySet[Event]:
    """What happens in the team, newest first: members only. Who was invited, tried webhooks or asks for a token is not everybody's business."""
    private = ["invitation_create", "member_hello", "tokengrant_request"]
    return request.team.events.exclude(action__in=private).order_by("-created_at", "-pk")


def team_webhooks(request: MemberRequest) -> WebhookQuerySet:
    """Owners only; a member is told so."""
    if not request.member.is_owner:
        raise PermissionDenied
    webhooks: WebhookQuerySet = request.team.webhooks.for_display()
    return webhooks


def find_webhook(request: MemberRequest, pk: int) -> Webhook:
    return get_object_or_404(team_webhooks(request), pk=pk)


def find_delivery(request: MemberRequest, webhook: int, pk: int) -> Delivery:
    hook = find_webhook(request, webhook)
    delivery = get_object_or_404(hook.deliveries, pk=pk)
    delivery.webhook = hook
    return delivery


def team_slack(request: MemberRequest) -> Slack | None:
    """How the team is connected with Slack; for owners."""
    if not request.member.is_owner:
        raise PermissionDenied
    return Slack.objects.select_related("responsible__user", "team").filter(team=request.team).first()


def signed_slack(request: TeamRequest) -> Slack | None:
    """The connection whose app has signed this very request; without a signature there is none for anybody."""
    if not request.team:
        return None
    slack = Slack.objects.select_related("team").filter(team=request.team).first()
    timestamp, signature = (request.headers.get(f"X-Slack-{name}", "") for name in ("Request-Timestamp", "Signature"))
    return slack if slack and slack.has_signed(request.body, timestamp=timestamp, signature=signature) else None


def team_emojis(request: MemberRequest) -> EmojiQuerySet:
    emojis: EmojiQuerySet = request.team.emojis.all()
    return emojis


def find_emoji(request: MemberRequest, code: str) -> Emoji:
    return get_object_or_404(team_emojis(request), code=code)
