"""The official command line of esa: a public client that ships with its id, so that it signs in here unmodified."""

from django.db import migrations

CLIENT_ID = "b29aa0a592d3eb6651db57a39994b57b2670613bd1b48b5937d97d34278bb133"


def add(apps, schema_editor):
    apps.get_model("oauth2_provider", "Application").objects.get_or_create(
        client_id=CLIENT_ID,
        defaults={
            "name": "esa CLI",
            "client_type": "public",
            "client_secret": "",
            "authorization_grant_type": "authorization-code",
            "redirect_uris": "http://127.0.0.1/callback",
        },
    )


def remove(apps, schema_editor):
    apps.get_model("oauth2_provider", "Application").objects.filter(client_id=CLIENT_ID).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0005_notices_webhooks_and_readers"),
        ("oauth2_provider", "0022_refreshtoken_token_family_index"),
    ]

    operations = [migrations.RunPython(add, remove)]
