from django.urls import path, re_path
from django.views.generic import RedirectView

from teams.views import icons, invitations, landing, members, preferences, profiles, team_settings, teams

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
    # The team
    path("team/settings", team_settings.edit, name="team_settings"),
    path("team/settings/privacy", team_settings.privacy, name="team_privacy"),
    path("team/delete", team_settings.delete, name="team_delete"),
]
    path("team/settings/files", team_settings.files, name="team_files"),
