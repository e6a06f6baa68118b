from django.urls import path

from console.batches.views import detail, index, order

app_name = "batches"

urlpatterns = [
    path("", index.index, name="index"),
    path("new/", index.create, name="create"),
    path("waiting/", index.waiting, name="waiting"),
    path("order/", order.order, name="order"),
    path("order/history/", order.history, name="history"),
    path("order/history/<int64:snapshot>/", order.version, name="version"),
    path("order/history/<int64:snapshot>/undo/", order.undo, name="undo"),
    path("order/history/<int64:snapshot>/restore/", order.restore, name="restore"),
    path("order/history/<int64:snapshot>/before/", order.before, name="before"),
    path("order/history/<int64:snapshot>/before/restore/", order.restore_before, name="restore_before"),
    path("order/check/<uuid:entry>/", order.check, name="check"),
    path("<int64:batch>/", detail.detail, name="detail"),
    path("<int64:batch>/counts/", detail.counts, name="counts"),
    path("<int64:batch>/name/", detail.rename, name="rename"),
    path("<int64:batch>/metadata/", detail.metadata, name="metadata"),
]
