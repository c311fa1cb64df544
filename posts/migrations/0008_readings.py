"""How a post's name is read. Rows get it when they are next written; `manage.py reindex` writes all of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("posts", "0007_attachments")]

    operations = [
        migrations.AddField(model_name="postsearch", name="reading", field=models.TextField(default="")),
    ]
