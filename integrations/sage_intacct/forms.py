"""What a person enters to connect with Sage Intacct."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from integrations.sage_intacct.classification import places

_PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
_HIDDEN = {"autocomplete": "new-password"}


class CredentialsForm(forms.Form):
    """Nothing that was saved is ever put back into it. The sender is asked for only where the deployment has none."""

    fieldsets = (
        ("Web services user", ("company_id", "user_id", "user_password")),
        (
            "Web services sender",
            ("sender_id", "sender_password"),
            f"The Sender ID must be authorised in Sage Intacct under {places.WEB_SERVICES_AUTHORIZATIONS}.",
        ),
    )

    company_id = forms.CharField(
        label="Company ID",
        max_length=60,
        widget=forms.TextInput(_PLAIN),
        help_text="As on Sage Intacct's sign-in page.",
    )
    user_id = forms.CharField(
        label="User ID",
        max_length=80,
        widget=forms.TextInput(_PLAIN),
        help_text=f"Of the Web Services user: {places.WEB_SERVICES_USERS}.",
    )
    user_password = forms.CharField(
        label="User password", max_length=200, strip=False, widget=forms.PasswordInput(_HIDDEN)
    )
    sender_id = forms.CharField(label="Sender ID", max_length=80, widget=forms.TextInput(_PLAIN))
    sender_password = forms.CharField(
        label="Sender password", max_length=200, strip=False, widget=forms.PasswordInput(_HIDDEN)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.SAGE_INTACCT_SENDER_ID:
            del self.fields["sender_id"], self.fields["sender_password"]
