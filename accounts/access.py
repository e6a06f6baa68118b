"""The one table of who may open what. A page without a row here is refused, and fails the tests.

A row says which right a page needs, or `PUBLIC` (no sign-in), `BY_MAIL` (public where mail is set up), `ANYONE` (signed
in, whatever the role), or `CLOSED_PAGES` (a library's page that this console does not offer: as if it did not exist).
"""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from accounts.models import Person
from accounts.rights import Right

PUBLIC = "public"
ANYONE = "anyone"
BY_MAIL = "by mail"
CLOSED_PAGES = "closed"

ACCESS: dict[str, str] = {
    # Coming in
    "account_login": PUBLIC,
    "account_logout": PUBLIC,
    "account_reset_password": BY_MAIL,
    "account_reset_password_done": BY_MAIL,
    "account_reset_password_from_key": BY_MAIL,
    "account_reset_password_from_key_done": BY_MAIL,
    "mfa_authenticate": PUBLIC,
    "mfa_login_webauthn": PUBLIC,
    "accounts:join": PUBLIC,
    # One's own account
    "account_reauthenticate": ANYONE,
    "account_change_password": ANYONE,
    "mfa_index": ANYONE,
    "mfa_reauthenticate": ANYONE,
    "mfa_activate_totp": ANYONE,
    "mfa_deactivate_totp": ANYONE,
    "mfa_view_recovery_codes": ANYONE,
    "mfa_generate_recovery_codes": ANYONE,
    "mfa_download_recovery_codes": ANYONE,
    "mfa_list_webauthn": ANYONE,
    "mfa_add_webauthn": ANYONE,
    "mfa_reauthenticate_webauthn": ANYONE,
    "mfa_remove_webauthn": ANYONE,
    "mfa_edit_webauthn": ANYONE,
    "accounts:profile": ANYONE,
    "accounts:sessions": ANYONE,
    "accounts:stay": ANYONE,
    # Keys and places
    "accounts:keys": Right.KEYS,
    "accounts:connect": Right.KEYS,
    "accounts:practice_keys": Right.KEYS,
    "accounts:test": Right.KEYS,
    "accounts:remove": Right.KEYS,
    "accounts:place": Right.KEYS,
    "accounts:forget": Right.KEYS,
    "accounts:switch": Right.KEYS,
    # Audit: everyone reads their own rows, the views ask who may read all
    "audit:index": Right.AUDIT_OWN,
    "audit:detail": Right.AUDIT_OWN,
    "audit:reconcile": Right.AUDIT_OWN,
    "audit:group": Right.AUDIT_OWN,
    "audit:reconcile_group": Right.AUDIT_OWN,
    "audit:close": Right.AUDIT_OWN,
    "audit:handover": Right.AUDIT_OWN,
    "audit:export": Right.AUDIT_EXPORT,
    "audit:handover_csv": Right.AUDIT_EXPORT,
    "audit:check": Right.AUDIT_EXPORT,
    "audit:stop_check": Right.AUDIT_EXPORT,
    # People
    "accounts:people": Right.PEOPLE,
    "accounts:invite": Right.PEOPLE,
    "accounts:person": Right.PEOPLE,
    # Home, health and background work
    "home:index": ANYONE,
    "home:slices": Right.LOOK,
    "home:review": Right.SIGNAL,
    "home:unfinished": Right.CHANGE,
    "home:livez": PUBLIC,
    "home:readyz": PUBLIC,
    "jobs:index": Right.JOBS,
    "jobs:retry": Right.JOBS,
    # The views find a person's own jobs only
    "jobs:mine": ANYONE,
    "jobs:stop": ANYONE,
    "jobs:carry_on": ANYONE,
    # Exports
    "exports:index": Right.LOOK,
    "exports:slot": Right.LOOK,
    "exports:notifications": Right.LOOK,
    "exports:detail": Right.LOOK,
    "exports:row": Right.LOOK,
    "exports:status": Right.LOOK,
    "exports:classes": Right.LOOK,
    "exports:download": Right.DOWNLOAD,
    "exports:create": Right.CHANGE,
    "exports:batches": Right.CHANGE,
    "exports:contents": Right.CHANGE,
    "exports:request": Right.CHANGE,
    "exports:leave": Right.CHANGE,
    "exports:delete": Right.CHANGE,
    # Building a slice
    "slices:create": Right.CHANGE,
    "slices:draft": Right.CHANGE,
    "slices:draft_save": Right.CHANGE,
    "slices:draft_discard": Right.CHANGE,
    "slices:draft_again": Right.CHANGE,
    "slices:draft_name": Right.CHANGE,
    "slices:draft_organizations": Right.CHANGE,
    "slices:draft_datasets": Right.CHANGE,
    "slices:part_add": Right.CHANGE,
    "slices:part_restore": Right.CHANGE,
    "slices:part_move": Right.CHANGE,
    "slices:part_kind": Right.CHANGE,
    "slices:part_remove": Right.CHANGE,
    "slices:part_items": Right.CHANGE,
    "slices:part_filter": Right.CHANGE,
    # Slices
    "slices:index": Right.LOOK,
    "slices:names": Right.LOOK,
    "slices:building": Right.LOOK,
    "slices:watch": Right.LOOK,
    "slices:datasets": Right.LOOK,
    "slices:detail": Right.LOOK,
    "slices:status": Right.LOOK,
    "slices:items": Right.LOOK,
    "slices:item": Right.LOOK,
    "slices:renew": Right.LOOK,
    "slices:choose": Right.CHANGE,
    "slices:projects": Right.CHANGE,
    "slices:batches": Right.LOOK,
    # Projects and batches
    "projects:index": Right.LOOK,
    "projects:detail": Right.LOOK,
    "projects:figures": Right.LOOK,
    "projects:pin": Right.LOOK,
    "batches:index": Right.LOOK,
    "batches:waiting": Right.LOOK,
    "batches:create": Right.CHANGE,
    "batches:detail": Right.LOOK,
    "batches:counts": Right.LOOK,
    "batches:rename": Right.CHANGE,
    "batches:metadata": Right.CHANGE,
    "batches:order": Right.LOOK,
    "batches:undo": Right.CHANGE,
    "batches:history": Right.LOOK,
    "batches:version": Right.LOOK,
    "batches:before": Right.LOOK,
    "batches:restore": Right.CHANGE,
    "batches:restore_before": Right.CHANGE,
    "batches:check": Right.CHANGE,
    # Work items
    "items:index": Right.LOOK,
    "items:counts": Right.LOOK,
    "items:pictures": Right.LOOK,
    "items:columns": Right.LOOK,
    "items:names": Right.LOOK,
    "items:detail": Right.LOOK,
    "items:labels": Right.LOOK,
    "items:renew": Right.LOOK,
    "items:download": Right.DOWNLOAD,
    "items:approve": Right.SIGNAL,
    "items:send_back": Right.SIGNAL,
    "items:signal": Right.SIGNAL,
    "items:decision": Right.SIGNAL,
    "items:take_back": Right.SIGNAL,
    "items:select": Right.SIGNAL,
    "items:bulk_create": Right.SIGNAL,
    "items:bulk": Right.LOOK,
    "items:bulk_plan": Right.LOOK,
    "items:bulk_read_again": Right.SIGNAL,
    "items:bulk_send": Right.SIGNAL,
    "items:bulk_progress": Right.LOOK,
    "items:bulk_stop": Right.SIGNAL,
    "items:bulk_carry_on": Right.SIGNAL,
    "items:bulk_retry": Right.SIGNAL,
    "items:bulk_undo": Right.SIGNAL,
    "items:bulk_select": Right.SIGNAL,
    "items:bulk_results": Right.LOOK,
    "signals:news": Right.LOOK,
    "items:create": Right.CHANGE,
    "items:import": Right.CHANGE,
    "items:import_template": Right.CHANGE,
    "items:from_files": Right.CHANGE,
    "items:from_slice": Right.CHANGE,
    "items:import_detail": Right.LOOK,
    "items:import_progress": Right.LOOK,
    "items:import_read_again": Right.CHANGE,
    "items:import_start": Right.CHANGE,
    "items:import_stop": Right.CHANGE,
    "items:import_carry_on": Right.CHANGE,
    "items:import_retry": Right.CHANGE,
    "items:import_refused": Right.DOWNLOAD,
    "items:ground_truth": Right.CHANGE,
    "items:ground_truth_preview": Right.CHANGE,
    "items:ground_truth_send": Right.CHANGE,
    # Files
    "files:index": Right.LOOK,
    "files:upload": Right.CHANGE,
    "files:upload_detail": Right.CHANGE,
    "files:upload_rows": Right.CHANGE,
    "files:upload_add": Right.CHANGE,
    "files:upload_links": Right.CHANGE,
    "files:upload_report": Right.CHANGE,
    "files:upload_check": Right.CHANGE,
    "files:projects": Right.CHANGE,
    "files:get": Right.DOWNLOAD,
    "files:list": Right.DOWNLOAD,
    "files:sizes": Right.DOWNLOAD,
    "files:download": Right.DOWNLOAD,
    "files:zip": Right.DOWNLOAD,
    "items:review": Right.SIGNAL,
    "items:review_run": Right.SIGNAL,
    "items:review_step": Right.SIGNAL,
    "items:review_skip": Right.SIGNAL,
    "items:review_end": Right.SIGNAL,
    # allauth's pages that are not offered: administrators change addresses, and there is no registration
    "account_signup": CLOSED_PAGES,
    "account_inactive": CLOSED_PAGES,
    "account_email": CLOSED_PAGES,
    "account_email_verification_sent": CLOSED_PAGES,
    "account_confirm_email": CLOSED_PAGES,
    "account_confirm_login_code": CLOSED_PAGES,
    "account_set_password": CLOSED_PAGES,
    "usersessions_list": CLOSED_PAGES,
}


def allowed(user: Person | AnonymousUser, view_name: str) -> bool:
    """Whether this person may open this page; a page without a row is closed."""
    rule = ACCESS.get(view_name, CLOSED_PAGES)
    if rule in {PUBLIC, BY_MAIL, CLOSED_PAGES}:
        return rule != CLOSED_PAGES and not is_closed(view_name)
    if not isinstance(user, Person) or not user.is_active:
        return False
    return rule == ANYONE or user.can(rule)


def is_closed(view_name: str) -> bool:
    """Whether the page is to look as if it did not exist."""
    rule = ACCESS.get(view_name)
    return rule == CLOSED_PAGES or (rule == BY_MAIL and not settings.MAIL_IS_SET_UP)
