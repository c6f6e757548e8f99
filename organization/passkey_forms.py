"""allauth's forms that take what a browser sends of a passkey. A stranger may send anything instead."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms as allauth_forms
from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

# Each is what allauth and its library raise over JSON that no browser has written.
BROKEN = (AttributeError, LookupError, TypeError, ValueError, RecursionError)


class AnswerField(forms.JSONField):
    """JSON without escaped characters, of which browsers need none and PostgreSQL keeps not all."""

    def to_python(self, value: Any) -> Any:
        try:
            if "\\" in (value or ""):
                raise ValueError("It holds an escaped character.")
            return super().to_python(value)
        except (ValueError, RecursionError) as error:  # also numbers and brackets without end
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        """As it came: the page that shows it again need not read it."""
        return InvalidJSONInput(data or "")


def wrong_answer(clean: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What breaks the libraries is a wrong answer, and no error of ours."""

    @wraps(clean)
    def cleaned(form: Any) -> Any:
        try:
            return clean(form)
        except BROKEN as error:
            raise get_adapter().validation_error("incorrect_code") from error

    return cleaned


class AnswerForm(forms.Form):
    credential = AnswerField(required=True, widget=forms.HiddenInput)


class LoginForm(AnswerForm, allauth_forms.LoginWebAuthnForm):
    clean_credential = wrong_answer(allauth_forms.LoginWebAuthnForm.clean_credential)


class AuthenticateForm(AnswerForm, allauth_forms.AuthenticateWebAuthnForm):
    clean_credential = wrong_answer(allauth_forms.AuthenticateWebAuthnForm.clean_credential)


class ReauthenticateForm(AnswerForm, allauth_forms.ReauthenticateWebAuthnForm):
    clean_credential = wrong_answer(allauth_forms.ReauthenticateWebAuthnForm.clean_credential)


class AddForm(AnswerForm, allauth_forms.AddWebAuthnForm):
    clean = wrong_answer(allauth_forms.AddWebAuthnForm.clean)
