"""Sign-ins and changes of passwords and second factors, written into the audit as they happen."""


def connect() -> None:
    pass
