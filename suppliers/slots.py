"""Places on this app's pages that higher apps fill."""

from organization.slots import Slot

# Buttons above the list of suppliers. Context: user, list_name ("suppliers").
list_actions = Slot("suppliers.list_actions")
# Where an imported supplier says where it came from. Context: user, record.
record_origin = Slot("suppliers.record_origin")
