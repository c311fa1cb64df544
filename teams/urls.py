from django.urls import path, re_path
from django.views.generic import RedirectView

from teams.views import (
    activity,
    applications,
    icons,
    invitations,
    landing,
    members,
    notification_settings,
    notifications,
    oauth,
    preferences,
    profiles,
    team_settings,
    teams,
    webhooks,
)

urlpatterns = [
    # Base domain: front door, my teams, my account
    path("", landing.index, name="landing"),
    path("teams", teams.index, name="teams"),
    path("teams/new", teams.new, name="team_new"),
    path("teams/availability", teams.availability, name="team_availability"),
    path("user", RedirectView.as_view(pattern_name="profile")),
    path("user/profile", profiles.edit, name="profile"),
    path("user/profile/delete", profiles.delete, name="profile_delete"),
    # Every host: the switches of the menu, and faces
    path("user/theme", preferences.theme, name="theme"),
    path("user/language", preferences.language, name="language"),
    path("icons/pictures/<slug:stem>.webp", icons.picture, name="picture"),
    re_path(r"^icons/(?:teams/)?(?P<name>[A-Za-z0-9_-]{1,39})\.svg$", icons.drawn, name="drawn_icon"),
    # Members
    path("members", members.index, name="members"),
    path("members/<str:screen_name>", members.show, name="member"),
    path("members/<str:screen_name>/role", members.role, name="member_role"),
    path("members/<str:screen_name>/delete", members.delete, name="member_delete"),
    path("team/membership/delete", members.leave, name="membership_delete"),
    # Invitations
    path("team/invitations", invitations.index, name="invitations"),
    path("team/invitations/regeneration", invitations.regenerate, name="invitation_regeneration"),
    re_path(r"^team/invitations/(?P<code>member-[0-9a-f]+)$", invitations.join_shared, name="team_invitation"),
    path("team/invitations/<slug:code>/join", invitations.join, name="invitation_join"),
    path("team/invitations/<slug:code>/delete", invitations.delete, name="invitation_delete"),
    # What one is told
    path("notifications", notifications.index, name="notifications"),
    path("notifications/reading", notifications.read_all, name="notifications_reading"),
    path("notifications/<int:pk>/reading", notifications.read, name="notification_reading"),
    path("notifications/<int:pk>/reading/delete", notifications.unread, name="notification_reading_delete"),
    path("user/notifications", notification_settings.edit, name="notification_settings"),
    path("unsubscriptions/<str:token>", notification_settings.unsubscribe, name="unsubscription"),
    # What happens
    path("activity", activity.index, name="activity"),
    path("stats", activity.stats, name="stats"),
    # Webhooks
    path("team/webhooks", webhooks.index, name="webhooks"),
    path("team/webhooks/new", webhooks.new, name="webhook_new"),
    path("team/webhooks/<int:pk>", webhooks.show, name="webhook"),
    path("team/webhooks/<int:pk>/edit", webhooks.edit, name="webhook_edit"),
    path("team/webhooks/<int:pk>/delete", webhooks.delete, name="webhook_delete"),
    path("team/webhooks/<int:pk>/switch", webhooks.switch, name="webhook_switch"),
    path("team/webhooks/<int:pk>/test", webhooks.test, name="webhook_test"),
    path("team/webhooks/<int:pk>/deliveries/<int:delivery>", webhooks.delivery, name="delivery"),
    path("team/webhooks/<int:pk>/deliveries/<int:delivery>/replay", webhooks.replay, name="delivery_replay"),
    # OAuth
    path("oauth/authorize", oauth.Consent.as_view(), name="oauth_authorize"),
    path("oauth/token", oauth.token, name="oauth_token"),
    path("oauth/token/info", oauth.info, name="oauth_token_info"),
    path("oauth/revoke", oauth.revoke, name="oauth_revoke"),
    path("oauth/dcr", oauth.register, name="oauth_registration"),
    path(".well-known/oauth-authorization-server", oauth.server, name="oauth_server"),
    path(".well-known/oauth-authorization-server/<path:path>", oauth.server, name="oauth_server_of_path"),
    path(".well-known/oauth-protected-resource", oauth.resource, name="oauth_resource"),
    path(".well-known/oauth-protected-resource/<path:path>", oauth.resource, name="oauth_resource_of_path"),
    path("user/applications/oauth", applications.index, name="oauth_applications"),
    path("user/applications/oauth/new", applications.new, name="oauth_application_new"),
    path("user/applications/oauth/<int:pk>", applications.edit, name="oauth_application"),
    path("user/applications/oauth/<int:pk>/delete", applications.delete, name="oauth_application_delete"),
    path("user/applications/oauth/<int:pk>/withdrawal", applications.withdraw, name="oauth_withdrawal"),
    # The team
    path("team/settings", team_settings.edit, name="team_settings"),
    path("team/settings/privacy", team_settings.privacy, name="team_privacy"),
    path("team/delete", team_settings.delete, name="team_delete"),
]
    path("team/settings/files", team_settings.files, name="team_files"),
