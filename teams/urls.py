from django.urls import path

from teams.views import members

urlpatterns = [
    # Members
    path("members/<str:screen_name>", members.show, name="member"),
]
