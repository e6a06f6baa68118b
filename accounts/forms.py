"""What people type here, checked before anything is called; a key that was typed is never shown again."""

import functools
import zoneinfo
from typing import TYPE_CHECKING, Any, cast

from allauth.account.fields import PasswordField
from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm, ResetPasswordForm
from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.account_signals import mail_ready
from accounts.models import Person, Vendor
from accounts.rights import Role
from console.common.fields import NameField
from console.common.parsing import read_segment, read_uuid, text_fault
from console.upstream.response_models import RESERVED_OWNERS

# Generic for the type checker only: the class itself takes no parameter.
if TYPE_CHECKING:
    PersonForm = forms.ModelForm[Person]
else:
    PersonForm = forms.ModelForm

REGIONS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
LONGEST_KEY = 400
KNOWN_ALREADY = "There is somebody with this address already. Find them in the list."
# Typing the same with one's fingers gives these; copying from a document gives the curly ones.
CURLY = "“”‘’–—…\u00a0\u200b\u2060\ufeff"


class SignInForm(LoginForm):  # type: ignore[misc]  # the library is not typed
    """The library's form, without its own link to the reset page, which not every installation has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Email"
        self.fields["login"].widget.attrs |= {"autocomplete": "username webauthn", "autofocus": True}
        _plain(self.fields, "password")


class NewPasswordForm(ChangePasswordForm):  # type: ignore[misc]  # the library is not typed
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (("oldpassword", "Password now"), ("password1", "New"), ("password2", "New, once more")):
            self.fields[name].label = label
        _plain(self.fields, "oldpassword")


class ConfirmForm(ReauthenticateForm):  # type: ignore[misc]  # the library is not typed
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields, "password")


def _plain(fields: dict[str, forms.Field], password: str) -> None:
    """No words inside fields that their labels say already, and no link to a page that may not be there."""
    fields[password].help_text = ""
    for field in fields.values():
        field.widget.attrs.pop("placeholder", None)


class KeyForm(forms.Form):
    """`vendor` decides whether the place is asked for as an owner (may stay empty) or as a space (may not)."""

    value = forms.CharField(
        label="Key",
        max_length=LONGEST_KEY,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Never shown again, not even to you: only its last four characters are.",
    )
    label = NameField(
        label="Label", max_length=60, required=False, help_text="For yourself, such as “Read only, until March”."
    )
    place = forms.CharField(max_length=255)
    place_name = NameField(label="Name of the space", max_length=100, required=False)

    def __init__(self, *args: Any, vendor: Vendor, **kwargs: Any) -> None:
        # Both vendors' forms stand on one page, so each field needs an id of its own.
        super().__init__(*args, **{"auto_id": f"id_{vendor}_%s", **kwargs})
        self.vendor = vendor
        if vendor == Vendor.AVALA:
            _ask_for_owner(self.fields["place"])
            del self.fields["place_name"]
        else:
            _ask_for_space(self.fields["place"])
            self.fields["place_name"].help_text = "The key cannot tell it; you will see it in the switcher."

    def clean_value(self) -> str:
        value = str(self.cleaned_data["value"]).strip()
        if any(letter in CURLY for letter in value):
            raise ValidationError(
                "This holds characters that came from a document, such as curly quotes. Copy the key itself."
            )
        if any(not "!" <= letter <= "~" for letter in value):
            raise ValidationError("A key has no spaces, line breaks or accented letters. Copy it once more.")
        if len(value) < 8:
            raise ValidationError("This is too short for a key. Copy all of it.")
        return value

    def clean_place(self) -> str:
        return clean_place(self.vendor, self.cleaned_data["place"])


class PlaceForm(forms.Form):
    """A further owner or space for a key that is connected already."""

    place = forms.CharField(max_length=255)
    place_name = NameField(label="Name of the space", max_length=100, required=False)

    def __init__(self, *args: Any, vendor: Vendor, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": f"id_{vendor}_further_%s", **kwargs})
        self.vendor = vendor
        if vendor == Vendor.AVALA:
            _ask_for_owner(self.fields["place"])
            self.fields["place"].required = True
            self.fields["place"].help_text = ""
            del self.fields["place_name"]
        else:
            _ask_for_space(self.fields["place"])

    def clean_place(self) -> str:
        return clean_place(self.vendor, self.cleaned_data["place"])


def clean_place(vendor: Vendor, text: str) -> str:
    text = text.strip()
    if vendor == Vendor.CLOUDFACTORY:
        space_id = read_uuid(text)
        if space_id is None:
            raise ValidationError("A space ID looks like 5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10.")
        return str(space_id)
    if text and (read_segment(text) is None or text in RESERVED_OWNERS or set(text) & set("?#") or text_fault(text)):
        raise ValidationError("An owner is a short name such as northwind, or an email address.")
    return text


def _ask_for_owner(field: forms.Field) -> None:
    field.label, field.required = "Owner", False
    field.help_text = "The organization or user name whose slices you work with. Empty: we offer those the key can see."


def _ask_for_space(field: forms.Field) -> None:
    field.label = "Space ID"
    field.help_text = "In CloudFactory, open the space: the ID is the long code in the address."


class InviteForm(forms.Form):
    email = forms.EmailField(label="Email", max_length=254)
    name = NameField(label="Name", max_length=100, required=False, help_text="They can change it when they join.")
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.REVIEWER, widget=forms.RadioSelect)

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if Person.objects.filter(email=email).exists():
            raise ValidationError(KNOWN_ALREADY)
        return email


class RoleForm(forms.Form):
    role = forms.ChoiceField(label="Role", choices=Role.choices, widget=forms.RadioSelect)


class JoinForm(forms.Form):
    name = NameField(label="Your name", max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = PasswordField(label="Password", autocomplete="new-password")

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.fields["password"].help_text = "At least 12 characters. A few words in a row are good."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.person.name = cleaned.get("name", "")
        if password := cleaned.get("password"):
            try:
                password_validation.validate_password(password, self.person)
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class ProfileForm(PersonForm):
    time_zone = forms.ChoiceField(
        label="Time zone",
        required=False,
        help_text="Every time on every page is shown in this zone.",
        widget=forms.Select(attrs={"data-time-zones": ""}),
    )
    single_keys = forms.BooleanField(
        label="Single keys are shortcuts",
        required=False,
        help_text="/ searches, n makes a new one, j and k go through a list, ? shows them all. "
        "Turn them off if you speak to your computer, or press them by accident.",
    )

    class Meta:
        model = Person
        fields = ("name", "time_zone", "single_keys")
        field_classes = {"name": NameField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["time_zone"])
        first = [("", f"As the console is set ({settings.TIME_ZONE})"), ("UTC", "UTC")]
        current = self.instance.time_zone
        names = {name for _, listed in zones() for name, _ in listed} | {name for name, _ in first}
        field.choices = [*first, *zones(), *([] if current in names else [(current, current)])]


@functools.cache
def zones() -> list[tuple[str, list[tuple[str, str]]]]:
    """Places by part of the world, as people look for them; the old and technical names are left out."""
    places_by_region: dict[str, list[tuple[str, str]]] = {region: [] for region in REGIONS}
    for name in sorted(zoneinfo.available_timezones()):
        region, _, place = name.partition("/")
        if region in places_by_region:
            places_by_region[region].append((name, ", ".join(reversed(place.replace("_", " ").split("/")))))
    return list(places_by_region.items())


class ResetForm(ResetPasswordForm):  # type: ignore[misc]  # the library is not typed
    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """An address without an account takes as long as one with an account."""
        if not self.users:
            mail_ready.send(sender=type(self), message=None)
        email: str = super().save(request, **kwargs)
        return email
