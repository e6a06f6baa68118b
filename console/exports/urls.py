from django.urls import path

from console.exports.views import create, file, index

app_name = "exports"

urlpatterns = [
    path("", index.index, name="index"),
    path("lane/", index.slot, name="slot"),
    path("news/", index.news, name="news"),
    path("new/", create.create, name="create"),
    path("new/batches/", create.batches, name="batches"),
    path("new/contents/", create.contents, name="contents"),
    path("plan/<uuid:plan>/", index.plan, name="plan"),
    path("plan/<uuid:plan>/leave/", index.leave, name="leave"),
    path("<uuid:export>/", index.detail, name="detail"),
    path("<uuid:export>/row/", index.row, name="row"),
    path("<uuid:export>/status/", index.status, name="status"),
    path("<uuid:export>/classes/", file.classes, name="classes"),
    path("<uuid:export>/download/", file.download, name="download"),
    path("<uuid:export>/delete/", index.delete, name="delete"),
]
