"""Form fields look alike whichever of Django's two engines renders them."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.db.models.fields import BLANK_CHOICE_DASH
from django.forms.renderers import TemplatesSetting

from planergy.form_renderer import FormRenderer


class Fields(forms.Form):
    name = forms.CharField(initial='Alder & "Finch" <b>', help_text="As on the invoice", max_length=20)
    kind = forms.ChoiceField(choices=[("a", "One & two"), ("Group", [("b", "<b>")])], initial="b")
    days = forms.MultipleChoiceField(choices=[("1", "Mon"), ("2", "Tue")], widget=forms.CheckboxSelectMultiple)
    amount = forms.DecimalField(initial="1234.50", localize=True)
    note = forms.CharField(widget=forms.Textarea, initial="\nline")
    file = forms.FileField()
    is_active = forms.BooleanField(initial=True)


def _rendered(renderer: object, data: dict[str, str] | None) -> str:
    text = str(Fields(data, renderer=renderer))  # type: ignore[arg-type]
    return re.sub(r"\s+", " ", re.sub(r">\s+<", "><", text.replace("&#34;", "&quot;"))).replace(" >", ">")


def test_both_engines_say_the_same() -> None:
    for data in (None, {"name": "", "kind": "x", "days": "9"}):
        assert _rendered(FormRenderer(), data) == _rendered(TemplatesSetting(), data)


def test_what_only_one_engine_has_is_rendered() -> None:
    field = AdminTextInputWidget().render("name", "Alder", renderer=FormRenderer())
    assert 'class="vTextField"' in field
    assert FormRenderer().get_template("admin/widgets/date.html") is not None


@pytest.mark.parametrize(
    ("required", "empty", "said"),
    [(True, BLANK_CHOICE_DASH[0][1], "Choose one"), (False, BLANK_CHOICE_DASH[0][1], "None"), (False, "Any", "Any")],
)
def test_an_empty_choice_says_what_it_means(*, required: bool, empty: str, said: str) -> None:
    field = forms.ChoiceField(required=required, choices=[("", empty), ("GBP", "GBP")])
    shown = field.get_bound_field(forms.Form(renderer=FormRenderer()), "currency").as_widget()
    assert re.findall("<option[^>]*>([^<]*)", shown) == [said, "GBP"]
