from django.urls import path

from console.batches import batch_views, order_views, views

app_name = "batches"

urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.create, name="create"),
    path("waiting/", views.waiting, name="waiting"),
    path("order/", order_views.order, name="order"),
    path("order/history/", order_views.history, name="history"),
    path("order/history/<int64:snapshot>/", order_views.version, name="version"),
    path("order/history/<int64:snapshot>/undo/", order_views.undo, name="undo"),
    path("order/history/<int64:snapshot>/restore/", order_views.restore, name="restore"),
    path("order/history/<int64:snapshot>/before/", order_views.before, name="before"),
    path("order/history/<int64:snapshot>/before/restore/", order_views.restore_before, name="restore_before"),
    path("order/check/<uuid:entry>/", order_views.check, name="check"),
    path("<int64:batch>/", batch_views.detail, name="detail"),
    path("<int64:batch>/counts/", batch_views.counts, name="counts"),
    path("<int64:batch>/name/", batch_views.rename, name="rename"),
    path("<int64:batch>/metadata/", batch_views.metadata, name="metadata"),
]
