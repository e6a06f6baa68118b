"""`manage.py create_admin`: the first person, who lets all others in."""

import getpass
import os
import sys
from typing import Any

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser
from django.core.validators import validate_email
from django.views.decorators.debug import sensitive_variables

from accounts.models import Person
from accounts.rights import Role

VARIABLE = "ADMIN_PASSWORD"


class Command(BaseCommand):
    help = f"Adds an administrator. The password is asked for, or comes from {VARIABLE} or --password-stdin."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from the standard input")

    @sensitive_variables("password")
    def handle(self, *args: Any, **options: Any) -> None:
        person = Person(email=options["email"].strip().lower(), name=options["name"].strip(), role=Role.ADMINISTRATOR)
        _check(person)
        password = _password(from_stdin=options["password_stdin"])
        try:
            password_validation.validate_password(password, person)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        Person.objects.create_user(person.email, password, name=person.name, role=person.role)
        self.stdout.write(f"{person.name} may sign in as {person.email}, and let others in.")


def _check(person: Person) -> None:
    try:
        validate_email(person.email)
    except ValidationError:
        raise CommandError("That is not an email address.") from None
    if not person.name:
        raise CommandError("The name is missing.")
    if len(person.name) > 100 or len(person.email) > 254:
        raise CommandError("The name may have 100 characters, the address 254.")
    if Person.objects.filter(email=person.email).exists():
        raise CommandError("There is somebody with this address already.")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if VARIABLE in os.environ:
        return os.environ[VARIABLE]
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Once more: "):
        raise CommandError("The two were not the same.")
    return password
