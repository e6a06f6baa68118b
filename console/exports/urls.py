from django.urls import path

from console.exports import views

app_name = "exports"

urlpatterns = [
    path("", views.index, name="index"),
    path("lane/", views.lane, name="lane"),
    path("news/", views.news, name="news"),
    path("new/", views.create, name="create"),
    path("new/batches/", views.batches, name="batches"),
    path("new/contents/", views.contents, name="contents"),
    path("plan/<uuid:plan>/", views.plan, name="plan"),
    path("plan/<uuid:plan>/leave/", views.leave, name="leave"),
    path("plan/<uuid:plan>/check/", views.check, name="check"),
    path("<uuid:export>/", views.detail, name="detail"),
    path("<uuid:export>/status/", views.status, name="status"),
    path("<uuid:export>/download/", views.download, name="download"),
    path("<uuid:export>/delete/", views.delete, name="delete"),
]
