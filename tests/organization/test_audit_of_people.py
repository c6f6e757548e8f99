"""What people do stands in the audit log, and no secret does."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import authenticate
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from integrations.models import Connection, ExportItem, ImportSchedule
from integrations.services import connections, exports
from invoices.models import PostingStatus
from organization.invitations import link_for
from organization.models import AuditAction, AuditEntry, ListImport, User
from organization.reference import list_imports
from tests import factories
from tests.organization import signing_in

pytestmark = pytest.mark.django_db
PASSWORD = "password-of-tests"


class Desk:
    def __init__(self) -> None:
        self.owner = factories.owner()
        self.account = self.owner.account
        self.company = factories.company(self.account)
        self.client = Client(REMOTE_ADDR="192.0.2.7")
        self.client.force_login(self.owner)
        self.before = AuditEntry.objects.count()

    def post(self, page: str, *args: Any, **data: Any) -> Any:
        answer = self.client.post(reverse(page, args=args), data)
        assert answer.status_code in (200, 302), answer
        return answer


def the(action: AuditAction) -> AuditEntry:
    return AuditEntry.objects.get(action=action)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def sign_in(email: str, password: str) -> None:
    Client(REMOTE_ADDR="192.0.2.9").post(reverse("account_login"), {"login": email, "password": password})


def test_signing_in_names_the_person_and_the_address(desk: Desk) -> None:
    sign_in(desk.owner.email, PASSWORD)
    entry = AuditEntry.objects.filter(action=AuditAction.SIGNED_IN).latest("pk")
    assert (entry.account, entry.actor_id, entry.address) == (desk.account, desk.owner.pk, "192.0.2.9")


def test_a_refused_sign_in_tells_the_typed_address_and_no_password(desk: Desk) -> None:
    sign_in(desk.owner.email.upper(), "wrong-secret-1")
    sign_in("nobody@tests.example", "wrong-secret-2")
    known, unknown = AuditEntry.objects.filter(action=AuditAction.SIGN_IN_FAILED).order_by("pk")
    assert (known.account, known.target_id, known.address) == (desk.account, desk.owner.pk, "192.0.2.9")
    assert (unknown.account, unknown.target_id) == (None, None)
    assert unknown.changes == {"Typed address": [None, "nobody@tests.example"]}
    assert "wrong-secret" not in everything_told()


def test_what_is_typed_in_the_admins_name_field_and_is_no_address_is_not_told() -> None:
    """The admin's own form is away; what signs in by a name, as that form did, still comes by here."""
    Client().post(reverse("admin:login"), {"username": "my-real-password", "password": "x"})
    assert authenticate(None, username="my-real-password", password="x") is None
    assert the(AuditAction.SIGN_IN_FAILED).changes["Typed address"][1] == "(no e-mail address)"
    assert "my-real-password" not in everything_told()


def everything_told() -> str:
    return json.dumps(list(AuditEntry.objects.values("actor", "target", "changes", "reason")))


def test_passwords_and_second_factors(desk: Desk) -> None:
    new = "a-rather-long-pass-phrase"
    desk.post("account_change_password", oldpassword=PASSWORD, password1=new, password2=new)
    assert the(AuditAction.PASSWORD_CHANGED).target_id == desk.owner.pk
    desk.owner.refresh_from_db()
    totp = TOTP.activate(desk.owner, "SECRETSECRETSECRET").instance
    codes = RecoveryCodes.activate(desk.owner).instance
    request = HttpRequest()
    request.session = desk.client.session
    for one in (totp, codes):
        authenticator_added.send(sender=type(one), request=request, user=desk.owner, authenticator=one)
    authenticator_removed.send(sender=type(totp), request=None, user=desk.owner, authenticator=totp)
    assert AuditEntry.objects.filter(action=AuditAction.SECOND_FACTOR_ADDED).count() == 2
    assert the(AuditAction.SECOND_FACTOR_REMOVED).account == desk.account
    told = everything_told()
    for secret in (new, PASSWORD, "SECRETSECRETSECRET"):
        assert secret not in told


def test_a_password_chosen_by_a_link(desk: Desk) -> None:
    invited = User.objects.create_user("new@tests.example", account=desk.account, role=desk.owner.role)
    visitor = Client()
    page = visitor.get(f"/{link_for(invited).split('/', 3)[3]}")
    visitor.post(page.url, {"password1": "another-long-phrase-9", "password2": "another-long-phrase-9"})
    assert the(AuditAction.PASSWORD_RESET).target_id == invited.pk


def test_users_roles_permissions_and_limits(desk: Desk) -> None:
    role = factories.role(desk.account, "Invoice Approver")
    person = factories.user(desk.account, role=role)
    sales = factories.department(desk.account, name="Sales")
    form = {"email": person.email, "role": role.pk, "time_zone": "UTC", "spelling": "en-gb"}
    desk.post("organization:user_edit", person.pk, **form, authorization_limit="500", departments=[sales.pk])
    entry = the(AuditAction.USER_CHANGED)
    assert (entry.actor_id, entry.address, entry.target_id) == (desk.owner.pk, "192.0.2.7", person.pk)
    assert entry.changes == {
        "Authorisation limit": [None, "500.00"],
        "Currency of the limit": [None, "GBP"],
        "Departments": [None, "Sales"],
    }
    desk.post("organization:user_edit", person.pk, **form, authorization_limit="500", departments=[sales.pk])
    assert AuditEntry.objects.filter(action=AuditAction.USER_CHANGED).count() == 1  # nothing changed
    desk.post("organization:user_archive", person.pk)
    assert the(AuditAction.USER_ARCHIVED).target_id == person.pk
    scopes = {"visibility": "all", "administration": "none", "authorization": "own", "reference_data": "view"}
    desk.post("organization:role_edit", role.pk, name=role.name, **scopes)
    assert the(AuditAction.ROLE_CHANGED).changes["Authorisation"] == ["All", "Own"]
    desk.post("organization:user_add", **form | {"email": "added@tests.example"})
    assert the(AuditAction.USER_ADDED).changes["Role"] == [None, "Invoice Approver"]


def test_companies_rules_rates_and_suppliers(desk: Desk) -> None:
    company = desk.company
    desk.post("organization:company_edit", company.pk, name="Renamed", base_currency="EUR")
    assert the(AuditAction.COMPANY_CHANGED).changes["Base currency"] == ["GBP", "EUR"]
    rule = {"company": company.pk, "name": "Rule", "position": "1"}
    desk.post("invoices:approval_rule_add", **rule, approver_1=desk.owner.pk, minimum_total="100")
    assert the(AuditAction.RULE_ADDED).changes["First approver"] == [None, desk.owner.email]
    made = company.approval_rules.get()
    desk.post("invoices:approval_rule_edit", made.pk, **rule, minimum_total="200")
    changed = the(AuditAction.RULE_CHANGED).changes
    assert changed["First approver"] == [desk.owner.email, ""]
    assert changed["Total from"] == ["100.00", "200.00"]
    factories.currency(desk.account, "USD")
    desk.post("ledger:exchangerate_add", date="2030-01-01", currency="USD", rate="0.8")
    assert the(AuditAction.RATE_ADDED).changes["Rate"] == [None, "0.8"]
    supplier = factories.supplier(company, code="S-1", name="Old", tax_id="GB123456789")
    desk.post("suppliers:supplier_edit", supplier.pk, code="S-1", name="New", tax_id="GB987654321")
    entry = the(AuditAction.SUPPLIER_CHANGED)
    assert entry.changes["Name"] == ["Old", "New"]
    assert entry.changes["Tax ID"] == ["•••• 6789", "•••• 4321"]
    assert "12345" not in everything_told()


def test_a_file_of_suppliers_tells_of_each_and_a_preview_of_none(desk: Desk) -> None:
    factories.supplier(desk.company, code="S-1", name="Old")
    text = f"company,code,name\n{desk.company},S-1,New\n{desk.company},S-2,Second\n{desk.company},,Nameless\n"
    desk.post("suppliers:supplier_import", file=SimpleUploadedFile("s.csv", text.encode()))
    one = ListImport.objects.get()
    list_imports.run(one.pk)
    assert not AuditEntry.objects.filter(action__startswith="supplier.").exists()
    list_imports.apply(one)
    list_imports.run(one.pk)
    told = AuditEntry.objects.filter(action__startswith="supplier.").order_by("pk")
    assert [(one.action, one.changes["Name"]) for one in told] == [
        ("supplier.changed", ["Old", "New"]),
        ("supplier.added", [None, "Second"]),
    ]
    assert {(one.actor_id, one.address) for one in told} == {(desk.owner.pk, "192.0.2.7")}


@pytest.mark.parametrize(
    "name", ["suppliers:supplier_export", "organization:user_export", "invoices:invoice_export_csv"]
)
def test_a_list_that_leaves_as_a_file(desk: Desk, name: str) -> None:
    desk.client.get(reverse(name), {"q": "abc"})
    assert the(AuditAction.LIST_EXPORTED).changes["Filters"] == [None, "q=abc"]


def test_a_document_that_is_downloaded_but_not_what_is_refused(desk: Desk) -> None:
    document = factories.document(factories.invoice(desk.company))
    stranger = Client()
    stranger.force_login(factories.owner())
    for client in (stranger, desk.client):
        client.get(reverse("invoices:document_download", args=[document.pk]))
    entry = the(AuditAction.DOCUMENT_DOWNLOADED)
    assert (entry.account, entry.actor_id, entry.target) == (desk.account, desk.owner.pk, document.name)
    table = factories.document(document.invoice, name="a.csv", content=b"a,b", content_type="text/csv")
    desk.client.get(reverse("invoices:document_preview", args=[table.pk]))
    assert AuditEntry.objects.filter(action=AuditAction.DOCUMENT_DOWNLOADED).count() == 1
    desk.client.get(reverse("invoices:document_download", args=[table.pk]))
    assert AuditEntry.objects.filter(action=AuditAction.DOCUMENT_DOWNLOADED).count() == 2


def test_setting_up_credentials_and_disabling(desk: Desk) -> None:
    connection = connections.enable(desk.account, "sage_intacct", by=desk.owner)
    secret = {"company_id": "acme", "user_id": "robot", "user_password": "s3cret-pass-word"}
    connections.save_credentials(connection, secret, by=desk.owner)
    connections.disable(connection, by=desk.owner)
    actions = ("integration.enabled", "credentials.saved", "integration.disabled")
    told = AuditEntry.objects.filter(action__in=actions).order_by("pk")
    assert [(one.action, one.actor_id) for one in told] == [(action, desk.owner.pk) for action in actions]
    assert told[1].changes["Company ID"] == ["", "acme"]
    assert "s3cret" not in everything_told()


def test_what_support_switches_in_the_admin(desk: Desk) -> None:
    connection = Connection.objects.create(account=desk.account, system="sage_intacct", is_enabled=True)
    staff = User.objects.create_user("support@tests.example", "x", is_staff=True)
    support = Client()
    support.force_login(staff)
    support.post(reverse("support_reason", args=[desk.account.pk]), {"reason": "They asked for it: ticket 7."})
    change = reverse("admin:integrations_connection_change", args=[connection.pk])
    support.post(change, {"exports_automatically": "on"})
    entry = the(AuditAction.INTEGRATION_SWITCHED)
    assert (entry.account, entry.actor_id) == (desk.account, staff.pk)
    assert list(entry.changes.values()) == [[False, True]]
    schedule = ImportSchedule.objects.create(connection=connection, every="hour")
    support.post(reverse("admin:integrations_importschedule_delete", args=[schedule.pk]), {"post": "yes"})
    assert the(AuditAction.SCHEDULE_DELETED).account == desk.account


def test_an_undone_posting_and_one_settled_by_hand(desk: Desk) -> None:
    staff = User.objects.create_user("support@tests.example", "x", is_staff=True)
    connection = Connection.objects.create(account=desk.account, system="sage_intacct", is_enabled=True)
    posted, lost = (factories.authorized_invoice(desk.company, net=Decimal(number)) for number in (1, 2))
    posted.posting_status, posted.posted_reference = PostingStatus.POSTED, "4711"
    posted.save()
    exports.undo_posting(posted, by=staff, reason="Removed there")
    entry = the(AuditAction.POSTING_UNDONE)
    assert (entry.account, entry.actor_id, entry.reason) == (desk.account, staff.pk, "Removed there")
    assert entry.changes == {"Record": ["4711", None]}
    item = ExportItem.objects.create(
        connection=connection, invoice=lost, company=desk.company, status="failed", was_sent=True
    )
    exports.settle_by_hand(item, by=staff, reason="Looked twice")
    assert the(AuditAction.POSTING_SETTLED).reason == "Looked twice"


class TestByCommand:
    """Whoever has a shell on the server; what they do to people is in the log all the same."""

    def test_a_support_person_is_added(self) -> None:
        call_command("createsuperuser", "--no-input", "--email", "new-support@tests.example", stdout=io.StringIO())
        added = AuditEntry.objects.get(action=AuditAction.SUPPORT_ADDED)
        assert (added.account, added.target) == (None, "new-support@tests.example")
        assert added.reason == "By a command on the server."

    def test_a_password_is_changed_and_ends_the_sessions(self, monkeypatch: pytest.MonkeyPatch) -> None:
        person = factories.owner()
        browser = signing_in.sign_in(person)
        assert signing_in.is_signed_in(browser)
        monkeypatch.setattr("getpass.getpass", lambda prompt: "another-password-of-tests")
        call_command("changepassword", person.email, stdout=io.StringIO())
        changed = AuditEntry.objects.get(action=AuditAction.PASSWORD_CHANGED)
        assert (changed.account, changed.target_id) == (person.account, person.pk)
        assert changed.reason == "By a command on the server."
        assert not signing_in.is_signed_in(browser)
        assert AuditEntry.objects.filter(action=AuditAction.SESSIONS_ENDED, target_id=person.pk).exists()
