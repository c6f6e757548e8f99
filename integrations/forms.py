"""Forms of the integration's pages, whatever the system."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django import forms

from integrations import registry
from integrations.models import Connection, ImportSchedule
from integrations.registry import RemoteEntity
from integrations.services.entities import CompanyState
from integrations.services.questions import LONGEST
from invoices.fields import DayField
from organization.models import Company

NOT_GRANTED = " (left out: not granted)"


class PostingDateForm(forms.Form):
    """A correction on View Invoice. `version` is the invoice that was looked at."""

    posting_date = DayField()
    version = forms.IntegerField()


class ImportForm(forms.Form):
    """What Import All Data asks. No company chosen: every company that is connected."""

    company = forms.ModelChoiceField(Company.objects.none(), required=False, empty_label="All companies")
    is_full = forms.BooleanField(
        required=False,
        label="Read everything again",
        help_text="Otherwise only what has changed in the meantime.",
    )
    is_preview = forms.BooleanField(
        required=False,
        label="Preview first",
        help_text="Shows what would change; nothing is written until you apply it.",
    )

    def __init__(self, *args: Any, connection: Connection, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        linked = Company.objects.filter(pk__in=connection.company_links.values("company")).active()
        self.fields["company"].queryset = linked
        if linked.count() < 2:
            del self.fields["company"]

    @property
    def companies(self) -> list[Company] | None:
        chosen = self.cleaned_data.get("company")
        return [chosen] if chosen else None


class DataSetsForm(forms.Form):
    """The data sets that may be left out; `left_out_there` are those that were not granted when they were last read."""

    chosen = forms.MultipleChoiceField(required=False, label="Also import", widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, connection: Connection, left_out_there: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._optional = [each for each in registry.data_sets_of(connection) if each.is_optional]
        self.fields["chosen"].choices = [
            (each.key, f"{each.shown_name} – {each.permission}{NOT_GRANTED if each.key in left_out_there else ''}")
            for each in self._optional
        ]
        left_out = connection.data_sets_left_out
        self.fields["chosen"].initial = [each.key for each in self._optional if each.key not in left_out]

    @property
    def left_out(self) -> list[str]:
        return [each.key for each in self._optional if each.key not in self.cleaned_data["chosen"]]


class ListImportForm(forms.Form):
    """What the import button of a list page sends."""

    company = forms.ModelChoiceField(Company.objects.none(), required=False)

    def __init__(self, *args: Any, companies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["company"].queryset = companies


class EntityForm(forms.Form):
    """`near` and `free` are what can be chosen; "name" stands for whichever has the company's name."""

    BY_NAME = "name"

    entity = forms.ChoiceField(widget=forms.RadioSelect)

    def __init__(self, *args: Any, state: CompanyState, free: Sequence[RemoteEntity], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = RemoteEntity(state.choice.entity_id, state.choice.entity_name) if state.choice else state.linked
        offered = [*([chosen] if chosen else []), *state.near, *(each for each in free if each not in state.near)]
        self.fields["entity"].choices = [
            *(
                (f"={each.entity_id}", self._words(each, state))
                for each in {one.entity_id: one for one in offered}.values()
            ),
            (self.BY_NAME, f"Whichever is called “{state.company}”"),
        ]
        self.fields["entity"].initial = f"={chosen.entity_id}" if state.choice and chosen else None

    @staticmethod
    def _words(entity: RemoteEntity, state: CompanyState) -> str:
        words = f"{entity}{f', {entity.currency}' if entity.currency else ''}"
        return f"{words} – nearly the same name" if entity in state.near else words

    @property
    def entity_id(self) -> str | None:
        chosen = self.cleaned_data["entity"]
        return None if chosen == self.BY_NAME else chosen.removeprefix("=")


class QuestionForm(forms.Form):
    question = forms.CharField(
        label="Your question",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="What did you do, what did you expect, and what happened instead?",
    )


class LinkBillForm(forms.Form):
    record_no = forms.CharField(max_length=40)


class ScheduleForm(forms.ModelForm):
    """For support staff: the data sets of the systems, by name."""

    data_set = forms.ChoiceField(required=False, label="Data")

    class Meta:
        model = ImportSchedule
        fields = ["connection", "data_set", "every", "at_time", "weekday", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = {each.key: each.name for system in registry.all_systems() for each in system.data_sets}
        self.fields["data_set"].choices = [("", "All data"), *names.items()]
        if "weekday" in self.fields:
            self.fields["weekday"].help_text = "For an import every week."
        if "connection" in self.fields:
            self.fields["connection"].queryset = Connection.objects.enabled().select_related("account")


class SettleByHandForm(forms.Form):
    reason = forms.CharField(
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Goes into the invoice's activity. Say where you looked, and that no bill of this invoice is there.",
    )


class UndoPostingForm(forms.Form):
    reason = forms.CharField(
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Goes into the invoice's activity. Make sure that the bill was taken out of the accounting system.",
    )
