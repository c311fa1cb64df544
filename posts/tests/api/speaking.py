"""How the tests of the API speak with it: as a program with the token of a person."""

import json
from typing import Any

from django.test import Client

from teams.models import AccessToken


class Program:
    """A client of the API. Every answer it gives has a `data`."""

    def __init__(self, member: Any, granted: str = "read write") -> None:
        self.token, self.secret = AccessToken.make(member.user, name="program", granted=granted)
        self.client = Client(HTTP_HOST="api.esa.localhost", HTTP_AUTHORIZATION=f"Bearer {self.secret}")

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, query)

    def post(self, path: str, data: Any = None) -> Any:
        return self.client.post(path, json.dumps(data or {}), content_type="application/json")

    def patch(self, path: str, data: Any = None) -> Any:
        return self.client.patch(path, json.dumps(data or {}), content_type="application/json")

    def delete(self, path: str, data: Any = None) -> Any:
        return self.client.delete(path, json.dumps(data or {}), content_type="application/json")

    def upload(self, path: str, **fields: Any) -> Any:
        return self.client.post(path, fields)
