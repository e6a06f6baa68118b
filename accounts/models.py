"""People, invitations, sealed vendor keys, and the places (Avala owners, platform spaces) those keys are used in."""

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts import crypto
from accounts.rights import ROLE_RIGHTS, Role
from console.common import redaction

INVITATION_LASTS = timedelta(days=7)


class Vendor(models.TextChoices):
    AVALA = "avala", "Avala"
    CLOUDFACTORY = "cloudfactory", "CloudFactory"


class PersonManager(BaseUserManager["Person"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """A person who may sign in at once; without a password they cannot until they set one."""
        person = self.model(email=email.strip().lower(), **{"joined_at": timezone.now(), **fields})
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(email=(username or "").lower())

    def administrators(self) -> models.QuerySet["Person"]:
        """Those who can let others in: the people to ask."""
        return self.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("name")


class Person(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.REVIEWER)
    is_active = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=64, blank=True)
    # Speech input triggers single-letter shortcuts by accident (WCAG 2.1.4).
    single_keys = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    invited_at = models.DateTimeField(null=True, blank=True)
    joined_at = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        ordering = ["name", "email"]
        verbose_name = "person"
        verbose_name_plural = "people"
        constraints = [models.UniqueConstraint(Lower("email"), name="one_person_per_email")]

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.lower()
        super().save(*args, **kwargs)

    def can(self, right: str) -> bool:
        return self.is_active and right in ROLE_RIGHTS.get(self.role, frozenset())

    @property
    def state(self) -> str:
        """`active`, `invited` (has not set a password yet) or `disabled`."""
        if self.is_active:
            return "active"
        return "disabled" if self.joined_at else "invited"


class Invitation(models.Model):
    """One link per person: a new one replaces the old. Only its hash is kept, so the database cannot let anyone in."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="invitation")
    token_hash = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Invitation of {self.person}"

    @property
    def expires_at(self) -> datetime:
        return self.made_at + INVITATION_LASTS

    @property
    def is_open(self) -> bool:
        return self.used_at is None and timezone.now() < self.expires_at


class ApiKey(models.Model):
    """A vendor key as its owner sees it: everything but the key. The value is sealed to person, vendor and row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="api_keys")
    vendor = models.CharField(max_length=20, choices=Vendor.choices)
    sealed = models.TextField(editable=False)
    label = models.CharField(max_length=60, blank=True)
    last4 = models.CharField(max_length=4)
    fingerprint = models.CharField(max_length=16, db_index=True)
    added_at = models.DateTimeField(default=timezone.now)
    last_worked_at = models.DateTimeField(null=True)
    last_failed_at = models.DateTimeField(null=True)
    last_failure = models.CharField(max_length=300, blank=True)
    rejected = models.BooleanField(default=False)
    findings = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "vendor"], name="one_key_per_person_and_vendor")]

    def __str__(self) -> str:
        return f"{self.get_vendor_display()} key ••••{self.last4}"

    @property
    def context(self) -> str:
        return f"api-key:{self.person_id}:{self.vendor}:{self.id}"

    def put(self, value: str) -> None:
        """Takes the value in, sealed; saving is left to the caller."""
        redaction.remember(value)
        self.sealed = crypto.seal(value, self.context)
        self.last4 = value[-4:]
        self.fingerprint = crypto.fingerprint(self.vendor, value)

    def reveal(self) -> str:
        """The value itself, for the one call that carries it; masked everywhere from now on."""
        value = crypto.open_sealed(self.sealed, self.context)
        redaction.remember(value)
        return value


class Place(models.Model):
    """Where a person's key is used: an Avala owner or a platform space, which no key can tell by itself."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="places")
    vendor = models.CharField(max_length=20, choices=Vendor.choices)
    value = models.CharField(max_length=255)
    name = models.CharField(max_length=100, blank=True)
    is_current = models.BooleanField(default=False)

    class Meta:
        ordering = ["vendor", "name", "value"]
        constraints = [
            models.UniqueConstraint(fields=["person", "vendor", "value"], name="each_place_once"),
            models.UniqueConstraint(
                fields=["person", "vendor"], condition=models.Q(is_current=True), name="one_current_place"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.value
