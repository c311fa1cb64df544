from django.urls import path

from posts.views import posts

urlpatterns = [
    # Posts
    path("posts/<int:number>", posts.show, name="post"),
]
