from django.urls import path

from console.exports.views import create, detail, export_requests, file, index, notifications

app_name = "exports"

urlpatterns = [
    path("", index.index, name="index"),
    path("lane/", index.slot, name="slot"),
    path("news/", notifications.notify, name="notifications"),
    path("new/", create.create, name="create"),
    path("new/batches/", create.batches, name="batches"),
    path("new/contents/", create.contents, name="contents"),
    path("plan/<uuid:export_request>/", export_requests.detail, name="request"),
    path("plan/<uuid:export_request>/leave/", export_requests.leave, name="leave"),
    path("<uuid:export>/", detail.detail, name="detail"),
    path("<uuid:export>/row/", index.row, name="row"),
    path("<uuid:export>/status/", detail.status, name="status"),
    path("<uuid:export>/classes/", file.classes, name="classes"),
    path("<uuid:export>/download/", file.download, name="download"),
    path("<uuid:export>/delete/", detail.delete, name="delete"),
]
