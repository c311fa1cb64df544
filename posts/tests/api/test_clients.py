"""A client library that knows nothing of us, against the running site: only the address of esa.io leads here."""

from urllib.parse import urlsplit

import pytest
import requests
from esapy import api_esa
from requests.adapters import HTTPAdapter

from posts.models import Attachment, Post
from posts.tests.files import picture
from teams.models import AccessToken


class Here(HTTPAdapter):
    """What goes to api.esa.io comes to the site of the tests."""

    def __init__(self, site):
        super().__init__()
        self.site = site

    def send(self, request, *args, **options):
        parts = urlsplit(request.url)
        request.url = self.site.url(f"{parts.path}{'?' if parts.query else ''}{parts.query}")
        return super().send(request, *args, **options)


@pytest.fixture
def esapy(live_site, monkeypatch):
    session = requests.Session()
    session.trust_env = False
    session.mount("https://api.esa.io/", Here(live_site))
    monkeypatch.setattr(api_esa, "requests", session)
    return api_esa


def test_esapy_does_its_work(esapy, alice, tmp_path):
    _token, secret = AccessToken.make(alice.user, name="esapy", granted=["read", "write"])
    known = {"token": secret, "team": "docs"}
    assert esapy.get_team_stats(**known)["members"] == 1

    image = tmp_path / "図 1.png"
    image.write_bytes(picture().read())
    url, answer = esapy.upload_binary(str(image), **known)
    assert (answer.status_code, Attachment.objects.get().url) == (204, url)

    url, _answer = esapy.create_post(
        f"![]({url})\n", name="Notebook", category="lab/2026", tags=["jupyter"], wip=False, **known
    )
    number = int(url.rpartition("/")[2])
    read = esapy.get_post(number, **known)
    assert (read["full_name"], read["wip"]) == ("lab/2026/Notebook #jupyter", False)
    assert read["body_md"].startswith("![](http")

    _url, answer = esapy.patch_post(number, "changed\n", name="Book", category="lab", wip=True, **known)
    assert answer.json()["overlapped"] is False
    post = Post.objects.get(number=number)
    assert (post.full_name, post.body_md, post.wip) == ("lab/Book #jupyter", "changed\n", True)
    assert post.message == "Update post via esapy"

    with pytest.raises(RuntimeError):
        esapy.get_post(999, **known)
