"""The search row of a post: what it says and where it stands, in the form that search reads.

posts/search/index.py writes it, in the transaction that changes the post. Counters stay off it: changing one indexed
column rewrites every index entry of the row, and stars come and go.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class PostSearch(models.Model):
    pk = models.CompositePrimaryKey("team_id", "post_id")
    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="+")
    post = models.ForeignKey("posts.Post", models.CASCADE, related_name="+")

    # What filters and orders look at; a join to the posts would cost twenty times as much.
    number = models.PositiveIntegerField()
    wip = models.BooleanField()
    flow = models.BooleanField()
    archived = models.BooleanField()
    created_by = models.ForeignKey("teams.Member", models.CASCADE, related_name="+", db_index=False)
    updated_by = models.ForeignKey("teams.Member", models.CASCADE, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    # Normalised texts.
    tags = ArrayField(models.TextField())
    path = models.TextField(db_collation="C")  # of the category
    name = models.TextField(db_collation="C")
    reading = models.TextField(default="")  # of the name, in Latin letters
    headings = models.TextField()
    norm = models.TextField()  # all there is: name, tags, path/name, body, comments; a line feed between them
    body_at = models.PositiveIntegerField()  # where the body begins in it, counted from 1
    talk_at = models.PositiveIntegerField()  # and the comments

    # Lexemes without positions: of the name, its reading, tags, path and headings; and of everything, with marks on
    # what only the name, tags and path say.
    head = SearchVectorField()
    keys = SearchVectorField()

    version = models.PositiveSmallIntegerField()  # of the rules that made this row
    indexed_at = models.DateTimeField()

    class Meta:
        db_table = "post_search"

    def __str__(self) -> str:
        return self.name
