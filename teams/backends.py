"""Whose session it is."""

from allauth.account.auth_backends import AuthenticationBackend as AllauthBackend

from esa.prepared import Prepared
from teams.models import User

_person = Prepared(lambda pk: User.objects.filter(pk=pk))


class AuthenticationBackend(AllauthBackend):
    """allauth's, which asks for the person on every page; its query is worded once."""

    def get_user(self, user_id: int) -> User | None:
        user: User | None = _person.first(int(user_id))
        return user if self.user_can_authenticate(user) else None
