from django.urls import path

from console.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.index, name="index"),
    path("export.csv", views.export, name="export"),
    path("check/", views.check, name="check"),
    path("check/stop/", views.stop_check, name="stop_check"),
    path("handover/", views.handover, name="handover"),
    path("handover.csv", views.handover_csv, name="handover_csv"),
    path("acts/<uuid:group_id>/", views.group, name="group"),
    path("acts/<uuid:group_id>/settle/", views.reconcile_group, name="reconcile_group"),
    path("<uuid:entry_id>/", views.detail, name="detail"),
    path("<uuid:entry_id>/settle/", views.reconcile, name="reconcile"),
    path("<uuid:entry_id>/close/", views.close, name="close"),
]
