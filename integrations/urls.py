"""Addresses of the integrations app. Each system gets a settings page of its own; the rest is shared."""

from __future__ import annotations

from django.urls import URLPattern, path

from integrations import registry
from integrations.views import (
    batches,
    connecting,
    data_sets,
    entities,
    exporting,
    field_map,
    history,
    import_problems,
    list_imports,
    past,
    support,
    system_settings,
)

app_name = "integrations"


def _settings_pages() -> list[URLPattern]:
    return [
        path(
            f"{system.key.replace('_', '-')}-settings/",
            system_settings.system_settings,
            {"system_key": system.key},
            name=f"{system.key}_settings",
        )
        for system in registry.all_systems()
    ]


urlpatterns: list[URLPattern] = [
    *_settings_pages(),
    path("integrations/", connecting.integration_list, name="integration_list"),
    path("integrations/history/run/<uuid:batch>/", batches.batch_detail, name="batch_detail"),
    path("integrations/history/run/<uuid:batch>/cancel/", batches.cancel_all, name="batch_cancel"),
    path("integrations/history/<int:pk>/", history.job_detail, name="job_detail"),
    path("integrations/history/<int:pk>/cancel/", history.cancel, name="job_cancel"),
    path("integrations/history/<int:pk>/apply/", history.apply_preview, name="preview_apply"),
    path("integrations/history/<int:pk>/drop/", history.drop_preview, name="preview_drop"),
    path("integrations/history/<int:pk>/requests/<int:exchange_pk>/", history.exchange, name="exchange"),
    path("integrations/ask-support/", support.ask, name="ask_support"),
    path("integrations/export/", exporting.export_search, name="export_search"),
    path("integrations/export/problems/", exporting.export_problems, name="export_problems"),
    path("integrations/export/try-again/", exporting.try_again, name="try_again"),
    path("integrations/invoices/<int:pk>/export/", exporting.export_invoice, name="export_invoice"),
    path("integrations/invoices/<int:pk>/posting-date/", exporting.correct_posting_date, name="correct_posting_date"),
    path("integrations/invoices/<int:pk>/state/", exporting.invoice_state, name="invoice_state"),
    path("integrations/invoices/<int:pk>/link/", exporting.link_bill, name="link_bill"),
    path("integrations/<str:system_key>/setup/", connecting.setup, name="setup"),
    path("integrations/<str:system_key>/disable/", connecting.disable, name="disable"),
    path("integrations/<str:system_key>/synchronize/", system_settings.synchronize, name="synchronize"),
    path("integrations/<str:system_key>/problems/", import_problems.problem_list, name="import_problems"),
    path("integrations/<str:system_key>/problems/put-aside/", import_problems.put_aside, name="problems_put_aside"),
    path("integrations/<str:system_key>/problems/take-up/", import_problems.take_up, name="problems_take_up"),
    path("integrations/<str:system_key>/data-sets/", data_sets.choose, name="choose_data_sets"),
    path("integrations/<str:system_key>/import/", system_settings.import_all, name="import_all"),
    path("integrations/<str:system_key>/import/<str:list_name>/", list_imports.import_list, name="import_list"),
    path("integrations/<str:system_key>/resume/", system_settings.resume, name="resume"),
    path("integrations/<str:system_key>/history/", past.history, name="history"),
    path("integrations/<str:system_key>/mapping/", field_map.field_map, name="field_map"),
    path("integrations/<str:system_key>/companies/<int:pk>/entity/", entities.choose, name="choose_entity"),
]
