"""Which texts show the title of a post that was renamed, un-shipped or put into the bin since they were rendered."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("posts", "0010_sharings")]

    operations = [
        migrations.AddField("reference", "outdated", models.BooleanField(default=False, db_default=False)),
        migrations.AddField("comment", "rendered_for_world", models.BooleanField(default=False, db_default=False)),
        migrations.AddField(
            "comment",
            "linked",
            django.contrib.postgres.fields.ArrayField(models.PositiveIntegerField(), null=True),
        ),
        migrations.AddIndex(
            "comment",
            models.Index(condition=models.Q(("rendered_for_world", True)), fields=["post"], name="comment_for_world"),
        ),
    ]
