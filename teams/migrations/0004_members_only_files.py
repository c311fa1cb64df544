"""Whether what a team uploads from now on is for its members only."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("teams", "0003_access_tokens_and_their_log")]

    operations = [
        migrations.AddField(
            "team",
            "members_only_files",
            models.BooleanField(default=False, verbose_name="uploaded files are for members only"),
        ),
    ]
