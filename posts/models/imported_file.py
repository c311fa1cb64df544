"""Which file of an imported folder became which post, so that importing again brings changes instead of copies."""

from django.db import models


class ImportedFile(models.Model):
    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="imported_files")
    source = models.CharField(max_length=200)  # the folder's name
    path = models.CharField(max_length=1000)  # inside it, with forward slashes
    number = models.PositiveIntegerField()  # given out before any file is written, so that links among files resolve
    post = models.ForeignKey("posts.Post", models.SET_NULL, null=True, related_name="+")  # null until it is written
    digest = models.CharField(max_length=64, blank=True)  # of what was imported last
    # The newest that holds what was imported and nothing else: the base of merges.
    revision_number = models.PositiveIntegerField(default=0)
    # What was imported last, where that is no revision: it was merged with what people had changed.
    merged_md = models.TextField(blank=True, db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "source", "path"], name="one_row_per_imported_file")]

    def __str__(self) -> str:
        return f"{self.source}/{self.path}"
