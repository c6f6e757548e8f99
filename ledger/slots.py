"""Places on this app's pages that higher apps fill."""

from organization.slots import Slot

# Buttons above a list. Context: user, list_name ("gl_codes", "currencies", "terms", "tax_codes", "dimensions").
list_actions = Slot("ledger.list_actions")
# Where an imported row says where it came from. Context: user, record.
record_origin = Slot("ledger.record_origin")
