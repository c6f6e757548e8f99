"""allauth's forms in which a password is typed or chosen, in the portal's words."""

from __future__ import annotations

from typing import Any

from allauth.account import forms
from allauth.mfa.base import forms as second_step_forms

RULES = "At least 12 characters, not only digits. Neither a common password nor much like your name or address."


class EmptyFields:
    """What to type stands above each field, spelled as everywhere, so nothing stands in it."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in ("login", "email"):
                field.label = "E-mail"


class LoginForm(EmptyFields, forms.LoginForm):
    pass


class ResetPasswordForm(EmptyFields, forms.ResetPasswordForm):
    pass


class ReauthenticateForm(EmptyFields, forms.ReauthenticateForm):
    pass


class SecondStepForm(EmptyFields, second_step_forms.AuthenticateForm):
    pass


class SecondStepAgainForm(EmptyFields, second_step_forms.ReauthenticateForm):
    pass


class InOurWords(EmptyFields):
    """What is asked of a new password is one sentence."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label, self.fields["password1"].help_text = "New password", RULES
        self.fields["password2"].label = "New password, again"


class ChangePasswordForm(InOurWords, forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = "Current password"


class SetPasswordForm(InOurWords, forms.SetPasswordForm):
    pass


class ResetPasswordKeyForm(InOurWords, forms.ResetPasswordKeyForm):
    pass
