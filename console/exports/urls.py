from django.urls import path

from console.exports import create_views, file_views, views

app_name = "exports"

urlpatterns = [
    path("", views.index, name="index"),
    path("lane/", views.lane, name="lane"),
    path("news/", views.news, name="news"),
    path("new/", create_views.create, name="create"),
    path("new/batches/", create_views.batches, name="batches"),
    path("new/contents/", create_views.contents, name="contents"),
    path("plan/<uuid:plan>/", views.plan, name="plan"),
    path("plan/<uuid:plan>/leave/", views.leave, name="leave"),
    path("<uuid:export>/", views.detail, name="detail"),
    path("<uuid:export>/row/", views.row, name="row"),
    path("<uuid:export>/status/", views.status, name="status"),
    path("<uuid:export>/classes/", file_views.classes, name="classes"),
    path("<uuid:export>/download/", file_views.download, name="download"),
    path("<uuid:export>/delete/", views.delete, name="delete"),
]
