"""A name that somebody takes between the check of a form and its save: the slower one is told so."""

from teams.forms import ProfileForm, TeamForm
from teams.models import Team, User


def test_a_team_name(alice, sign_in, monkeypatch, settings):
    found = TeamForm.found

    def be_slower(form, *, by):
        Team.objects.get_or_create(name="faster")
        return found(form, by=by)

    monkeypatch.setattr(TeamForm, "found", be_slower)
    client = sign_in(alice)
    answer = client.post("/teams/new", {"name": "faster", "privacy": "closed"}, HTTP_HOST=settings.ESA_DOMAIN)
    assert answer.status_code == 422
    assert Team.objects.filter(name="faster").count() == 1


def test_a_screen_name(alice, bob, sign_in, monkeypatch, settings):
    is_valid = ProfileForm.is_valid

    def be_slower(form):
        valid = is_valid(form)
        User.objects.filter(pk=bob.user_id).update(screen_name="faster")
        return valid

    monkeypatch.setattr(ProfileForm, "is_valid", be_slower)
    client = sign_in(alice)
    fields = {"name": "Alice", "screen_name": "Faster", "language": "en", "time_zone": "UTC", "theme": "auto"}
    answer = client.post("/user/profile", fields, HTTP_HOST=settings.ESA_DOMAIN)
    assert answer.status_code == 422
    assert "screen_name" in answer.context["form"].errors, answer.context["form"].errors
