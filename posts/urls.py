from django.urls import path

from posts.views import (
    archivals,
    bins,
    categories,
    comments,
    completions,
    editors,
    home,
    posts,
    previews,
    revisions,
    shipments,
    stars,
    tags,
    tasks,
    templates,
    watches,
)

urlpatterns = [
    # Reading
    path("", home.show, name="home"),
    path("posts", posts.index, name="posts"),
    path("posts/<int:number>", posts.show, name="post"),
    path("posts/<int:number>.md", posts.markdown, name="post_markdown"),
    path("tags", tags.index, name="tags"),
    # Categories. Whatever follows categories/ is a path, so their other addresses lie beside it.
    path("categories/<path:path>", categories.show, name="category"),
    path("uncategorized", categories.uncategorized, name="uncategorized"),
    path("category/children", categories.children, name="category_children"),
    path("category/completions", categories.completions, name="category_completions"),
    path("category/move", categories.move, name="category_move"),
    # Writing
    path("posts/new", editors.new, name="post_new"),
    path("posts/<int:number>/edit", editors.edit, name="post_edit"),
    path("preview", previews.create, name="preview"),
    path("completions/<str:kind>", completions.index, name="completions"),
    path("templates", templates.index, name="templates"),
    # What becomes of a post
    path("posts/<int:number>/delete", posts.delete, name="post_delete"),
    path("posts/<int:number>/move", posts.move, name="post_move"),
    path("posts/<int:number>/shipment", shipments.create, name="shipment"),
    path("posts/<int:number>/shipment/delete", shipments.delete, name="shipment_delete"),
    path("posts/<int:number>/archival", archivals.create, name="archival"),
    path("posts/<int:number>/archival/delete", archivals.delete, name="archival_delete"),
    path("posts/<int:number>/star", stars.create, name="star"),
    path("posts/<int:number>/star/delete", stars.delete, name="star_delete"),
    path("posts/<int:number>/watch", watches.create, name="watch"),
    path("posts/<int:number>/watch/delete", watches.delete, name="watch_delete"),
    path("posts/<int:number>/tasks/<int:ordinal>", tasks.update, name="task"),
    path("bin", bins.index, name="bin"),
    path("bin/<int:number>", bins.show, name="binned_post"),
    path("bin/<int:number>/restoration", bins.restore, name="bin_restoration"),
    # Comments
    path("posts/<int:number>/comments", comments.create, name="comments"),
    path("comments/<int:pk>/edit", comments.edit, name="comment_edit"),
    path("comments/<int:pk>/delete", comments.delete, name="comment_delete"),
    # History
    path("posts/<int:number>/revisions", revisions.index, name="revisions"),
    path("posts/<int:number>/revisions/<int:revision>", revisions.show, name="revision"),
    path("posts/<int:number>/revisions/<int:revision>/diff", revisions.diff, name="revision_diff"),
    path("posts/<int:number>/revisions/compare", revisions.compare, name="revision_choice"),
    path("posts/<int:number>/revisions/compare/<int:old>...<int:new>", revisions.comparison, name="comparison"),
    path("posts/<int:number>/revisions/<int:revision>/restoration", revisions.restore, name="restoration"),
]
