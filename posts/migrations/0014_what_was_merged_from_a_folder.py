"""Keep what an import brought where it was merged with people's changes: only that can be the base of the next merge."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("posts", "0013_links_in_slack")]

    operations = [migrations.AddField("importedfile", "merged_md", models.TextField(blank=True, db_default=""))]
