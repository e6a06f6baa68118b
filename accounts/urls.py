"""Keys, places, people and one's own account. `allauth_urls.py` has the pages of the library."""

from django.urls import path, register_converter

from accounts import views
from accounts.models import Vendor


class VendorConverter:
    regex = "avala|cloudfactory"

    def to_python(self, value: str) -> Vendor:
        return Vendor(value)

    def to_url(self, value: str) -> str:
        return str(value)


register_converter(VendorConverter, "vendor")

app_name = "accounts"
urlpatterns = [
    path("keys/", views.keys, name="keys"),
    path("keys/switch/", views.switch, name="switch"),
    path("keys/practice/", views.practice_keys, name="practice_keys"),
    path("keys/<vendor:vendor>/", views.connect, name="connect"),
    path("keys/<vendor:vendor>/test/", views.test, name="test"),
    path("keys/<vendor:vendor>/remove/", views.remove, name="remove"),
    path("keys/<vendor:vendor>/places/", views.place, name="place"),
    path("keys/<vendor:vendor>/places/<int64:pk>/forget/", views.forget, name="forget"),
    path("people/", views.people_list, name="people"),
    path("people/invite/", views.invite, name="invite"),
    path("people/<uuid:pk>/", views.person, name="person"),
    path("join/<str:token>/", views.join, name="join"),
    path("profile/", views.profile, name="profile"),
    path("sessions/", views.sessions, name="sessions"),
    path("stay/", views.stay, name="stay"),
]
