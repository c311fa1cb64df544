"""Posts that the world may read."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import posts.models.sharing


class Migration(migrations.Migration):
    dependencies = [
        ("posts", "0009_watched_places"),
        ("teams", "0007_emoji_and_feedback"),
    ]

    operations = [
        migrations.CreateModel(
            name="Sharing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(default=posts.models.sharing.new_key, max_length=32, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "created_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="teams.member"),
                ),
                (
                    "post",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sharing", to="posts.post"
                    ),
                ),
            ],
        ),
    ]
