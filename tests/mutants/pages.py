"""What pages, answers and stored texts give away, and what a look-up believes."""

from __future__ import annotations

from tests.mutants.mutant import Change, Mutant

HEADERS = "tests/planergy/test_page_headers.py"
MASKING = "tests/integrations/sage_intacct/client/test_masking.py"
KEPT = (f"{MASKING}::test_an_answer_is_kept_without_them",)
# Whatever the field, an address in it is hidden: a net below the list of fields.
ADDRESSES_SHOWN = (
    Change(
        "integrations/sage_intacct/client/masking.py", ' or "@" in _unescaped(content) else content', " else content"
    ),
)

DECISION = "tests/invoices/test_pages_in_browser.py::test_the_decision_"

MUTANTS = [
    Mutant(
        name="pages.decision_scrolls_away",
        file="planergy/static/planergy/app.css",
        before="    position: sticky;\n    inset-block-end: 0;\n    z-index: 10;\n",
        after="    z-index: 10;\n",
        tests=(f"{DECISION}is_always_at_hand_on_a_telephone",),
    ),
    Mutant(
        name="pages.decision_hides_what_is_scrolled_to",
        file="planergy/static/planergy/app.css",
        before="  :root:has(.decision-bar) { scroll-padding-block-end: 6rem;",
        after="  :root:has(.decision-bar) {",
        tests=(f"{DECISION}hides_nothing_that_is_brought_into_sight",),
    ),
    Mutant(
        name="pages.empty_choice_is_dashes",
        file="planergy/form_renderer.py",
        before="        _name_empty_choice(context",
        after="        (context",
        tests=("tests/planergy/test_form_renderer.py",),
    ),
    Mutant(
        name="masking.addresses_in_harmless_fields",
        file=ADDRESSES_SHOWN[0].file,
        before=ADDRESSES_SHOWN[0].before,
        after=ADDRESSES_SHOWN[0].after,
        tests=(f"{MASKING}::test_an_address_of_a_person_is_hidden_in_whatever_field",),
    ),
    Mutant(
        name="pages.no_content_security_policy",
        file="planergy/settings.py",
        before='    "csp.middleware.CSPMiddleware",\n',
        after="",
        tests=(f"{HEADERS}::test_so_do_pages_for_strangers",),
    ),
    Mutant(
        name="pages.inline_style_allowed",
        file="planergy/page_headers.py",
        before='"style-src": [SELF]',
        after='"style-src": [SELF, "\'unsafe-inline\'"]',
        tests=(f"{HEADERS}::test_so_do_pages_for_strangers",),
    ),
    Mutant(
        name="pages.kept_by_browsers",
        file="planergy/page_headers.py",
        before='        response["Cache-Control"] = "no-store, private"\n',
        after="",
        tests=(f"{HEADERS}::test_a_document_is_not_kept_by_the_browser",),
    ),
    Mutant(
        name="pages.framed_by_anybody",
        file="planergy/page_headers.py",
        before='        "frame-ancestors": [NONE],\n',
        after="",
        tests=(f"{HEADERS}::test_so_do_pages_for_strangers",),
    ),
    Mutant(
        name="pages.nul_in_forms_reaches_the_database",
        file="planergy/unusable_text.py",
        before="        _refuse_nul([*_texts(fields), *files,",
        after="        list([*_texts(fields), *files,",
        tests=("tests/planergy/test_hostile_requests.py::test_nul_at_the_sign_in_is_refused",),
    ),
    Mutant(
        name="pages.nul_in_cookies_reaches_the_database",
        file="planergy/unusable_text.py",
        before=", *request.COOKIES.values()]",
        after="]",
        tests=("tests/planergy/test_hostile_requests.py::test_nul_in_a_cookie_is_refused",),
    ),
    Mutant(
        name="pages.way_back_to_another_host",
        file="organization/parameters.py",
        before=" and url_has_allowed_host_and_scheme(target, allowed_hosts=None)",
        after="",
        tests=("tests/invoices/test_search.py::test_never_leads_elsewhere_after_an_action",),
    ),
    Mutant(
        name="addresses.session_of_any_host",
        file="integrations/sage_intacct/client/config.py",
        before='return scheme == "https" and is_within(host, self.domain)',
        after='return scheme == "https"',
        tests=(
            "tests/integrations/sage_intacct/client/test_client.py::test_never_follows_a_session_to_another_domain",
        ),
    ),
    Mutant(
        name="addresses.session_behind_a_backslash",
        file="integrations/sage_intacct/client/addresses.py",
        before="(?P<host>[a-z0-9.-]+|",
        after=r"(?P<host>[a-z0-9.\\-]+|",
        tests=(
            "tests/integrations/sage_intacct/client/test_client.py::test_never_follows_a_session_to_another_domain",
        ),
    ),
    Mutant(
        name="addresses.record_link_anywhere",
        file="integrations/sage_intacct/record_links.py",
        before='return address if is_there or (scheme == "http" and _is_of_local_gateway(address, host)) else ""',
        after="return address",
        tests=("tests/integrations/sage_intacct/test_record_links.py",),
    ),
    Mutant(
        name="addresses.record_link_of_made_bill_unchecked",
        file="integrations/sage_intacct/exporters/sending.py",
        before='record_url=record_link(bill.record_url or "")',
        after='record_url=bill.record_url or ""',
        tests=("tests/integrations/sage_intacct/test_record_links.py",),
    ),
    Mutant(
        name="addresses.record_link_of_found_bill_unchecked",
        file="integrations/sage_intacct/exporters/lookup.py",
        before='url=record_link(record.get("RECORD_URL", ""))',
        after='url=record.get("RECORD_URL", "")',
        tests=("tests/integrations/sage_intacct/test_record_links.py",),
    ),
    Mutant(
        name="exports.mark_anywhere_in_the_text",
        file="integrations/sage_intacct/mappers/bills.py",
        before="return description.split()[-1:] == [link_to(invoice, portal_url)]",
        after="return link_to(invoice, portal_url) in description",
        tests=("tests/integrations/sage_intacct/exporters/test_marks.py",),
    ),
    Mutant(
        name="masking.tracebacks_with_values",
        file="organization/tracebacks.py",
        before="return _NUMBER.sub(MASK, _EMAIL.sub(MASK, first))",
        after="return text",
        tests=("tests/organization/test_tracebacks.py",),
    ),
    Mutant(
        name="masking.errors_quote_what_was_told",
        file="integrations/sage_intacct/client/exchange.py",
        before="part.text = clean(mask_values(part.text, secrets), secrets)",
        after="part.text = part.text",
        tests=(f"{MASKING}::test_an_error_that_quotes_them_says_nothing_anywhere",),
    ),
    Mutant(
        name="masking.attributes",
        file="integrations/sage_intacct/client/masking.py",
        before="if name.lower() in ATTRIBUTES else MASK",
        after="if name else MASK",
        tests=KEPT,
    ),
    Mutant(
        name="masking.addresses",
        file="integrations/sage_intacct/client/masking.py",
        before="if self._address or not name:",
        after="if not name:",
        tests=KEPT,
    ),
    Mutant(
        name="masking.filters",
        file="integrations/sage_intacct/client/masking.py",
        before="return is_harmless(self._subject)",
        after="return True",
        tests=KEPT,
    ),
    Mutant(
        name="masking.text_that_belongs_to_no_field",
        file="integrations/sage_intacct/client/masking.py",
        before='self._open = "" if end or is_empty else name',
        after="self._open = name",
        tests=KEPT,
    ),
    Mutant(
        name="masking.files",
        file="integrations/sage_intacct/client/exchange.py",
        before='        element.text = _describe_file(element.text or "")\n',
        after="        pass\n",
        tests=(
            "tests/integrations/sage_intacct/client/test_client.py::"
            "test_records_every_exchange_without_secrets_and_files",
        ),
    ),
    *(
        Mutant(
            name=f"masking.{name}_counts_as_harmless",
            file="integrations/sage_intacct/client/harmless.py",
            before="    whendue whenmodified whenpaid whenposted year\n",
            after=f"    whendue whenmodified whenpaid whenposted year {name}\n",
            more=ADDRESSES_SHOWN if name == "email1" else (),
            tests=KEPT,
        )
        for name in ("taxid", "email1", "phone1", "address1", "achaccountnumber", "iban", "password", "sessionid")
    ),
]
