"""Places on this app's pages that higher apps fill."""

from dataclasses import dataclass

from invoices.services.findings import Finding
from organization.slots import Question, Slot

# Sections on View Invoice. Context: user, invoice.
invoice_panels = Slot("invoices.invoice_panels")
# Buttons above the results of Invoice Search. Context: user, queryset (what the filters select), querystring.
search_actions = Slot("invoices.search_actions")
# Widgets on the Accounts Payable home. Context: user.
home_widgets = Slot("invoices.home_widgets")
# Banners on every page of the module (what holds work back). Context: user; connection, where the page is about one.
banners = Slot("invoices.banners")

# Buttons on Enter Invoice while there is nothing to choose there. Context: user.
nothing_to_choose = Slot("invoices.nothing_to_choose")


@dataclass(frozen=True)
class Hold:
    """Why what waits for its export does not leave ("exports are paused"), and where that is fixed.

    `company_ids` is set where it holds back the invoices of these companies only; `is_off` where no
    accounting system is connected any more.
    """

    words: str
    url: str
    company_ids: frozenset[int] = frozenset()
    is_off: bool = False


# What holds exports back. Context: user.
export_holds: Question[Hold] = Question()
# What accounting systems would refuse of an invoice. Context: invoice; is_header_only, for one that is not saved yet.
posting_rules: Question[Finding] = Question()
# Keys of the dimensions that an export adds to every line by itself. Context: invoice.
added_dimensions: Question[str] = Question()
