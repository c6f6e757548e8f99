"""Addresses of the invoices app, under /accounts-payable/."""

from __future__ import annotations

from django.urls import path

from invoices.rules import approval_rules
from invoices.views import detail, discarding, documents, entry, findings, home, pickers, search, suggestions

app_name = "invoices"

urlpatterns = [
    path("", home.home, name="home"),
    path("waiting/", home.waiting, name="waiting"),
    path("invoices/", search.invoice_search, name="invoice_search"),
    path("invoices/export.csv", search.invoice_export_csv, name="invoice_export_csv"),
    path("invoices/export.xlsx", search.invoice_export_xlsx, name="invoice_export_xlsx"),
    path("invoices/bulk/", search.invoice_bulk, name="invoice_bulk"),
    path("invoices/suggest/<str:kind>/", suggestions.suggest, name="suggest"),
    path("invoices/columns/", search.column_settings, name="column_settings"),
    path("invoices/saved/", search.saved_search_add, name="saved_search_add"),
    path("invoices/saved/<int:pk>/delete/", search.saved_search_delete, name="saved_search_delete"),
    path("invoices/saved/<int:pk>/rename/", search.saved_search_rename, name="saved_search_rename"),
    path("invoices/add/", entry.invoice_add, name="invoice_add"),
    path("invoices/<int:pk>/", detail.invoice_detail, name="invoice_detail"),
    path("invoices/<int:pk>/edit/", entry.invoice_edit, name="invoice_edit"),
    path("invoices/<int:pk>/discard/", discarding.invoice_discard, name="invoice_discard"),
    path("invoices/<int:pk>/submit/", detail.invoice_submit, name="invoice_submit"),
    path("invoices/<int:pk>/authorize/", detail.invoice_authorize, name="invoice_authorize"),
    path("invoices/<int:pk>/reject/", detail.invoice_reject, name="invoice_reject"),
    path("invoices/<int:pk>/send-to/", detail.invoice_send_to, name="invoice_send_to"),
    path("invoices/<int:pk>/comment/", detail.comment, name="comment"),
    path("documents/<int:pk>/", documents.document_download, name="document_download"),
    path("documents/<int:pk>/preview/", documents.document_preview, name="document_preview"),
    path("documents/<int:pk>/pages/<int:number>/", documents.document_page, name="document_page"),
    path("documents/keep/", documents.document_keep, name="document_keep"),
    path("documents/pending/<str:token>/", documents.pending_preview, name="pending_preview"),
    path("documents/pending/<str:token>/pages/<int:number>/", documents.pending_page, name="pending_page"),
    path("documents/pending/<str:token>/file/", documents.pending_download, name="pending_download"),
    path("pick/due-date/", pickers.due_date, name="due_date"),
    path("pick/plausibility/", pickers.plausibility, name="plausibility"),
    path("pick/number/", pickers.number_check, name="number_check"),
    path("pick/header/", findings.header_check, name="header_check"),
    path("pick/<str:kind>/", pickers.pick, name="pick"),
    *approval_rules.urls(),
]
