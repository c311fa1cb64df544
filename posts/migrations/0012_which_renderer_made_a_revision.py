"""Which renderer made the HTML of a revision; that of an older one is made anew when somebody looks at it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("posts", "0011_texts_that_show_outdated_titles")]

    operations = [
        migrations.AddField("revision", "renderer_version", models.PositiveIntegerField(default=0, db_default=0)),
    ]
