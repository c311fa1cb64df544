"""Indexes in the orders that search offers by name and by counters."""

from django.db import migrations, models


def by(counter):
    return migrations.AddIndex(
        model_name="post",
        index=models.Index(
            condition=models.Q(("deleted_at", None)),
            fields=["team", f"-{counter}_count", "-updated_at", "-id"],
            name=f"post_by_{counter}",
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("posts", "0005_saved_searches")]

    operations = [
        by("stars"),
        by("watches"),
        by("comments"),
        migrations.RunSQL(
            "CREATE INDEX post_search_name ON post_search (team_id, name, post_id)", "DROP INDEX post_search_name"
        ),
    ]
