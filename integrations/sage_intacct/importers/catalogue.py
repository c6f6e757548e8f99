"""The sources of each data set: which object is read with which fields, and what makes a row of ours of a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from django.db.models.functions import Lower

from integrations.models import ExternalRecord, Job, JobKind, Outcome
from integrations.sage_intacct.importers import dimensions, targets
from integrations.sage_intacct.importers.sources import Mapper, Record, Source
from integrations.sage_intacct.importers.surroundings import Surroundings
from integrations.sage_intacct.mappers import ledger as ledger_mappers
from integrations.sage_intacct.mappers.dimensions import (
    STANDARD,
    DimensionObject,
    dimension_value_from_record,
    user_defined,
)
from integrations.sage_intacct.mappers.results import Mapped, duplicate_of
from integrations.sage_intacct.mappers.suppliers import VENDOR_FIELDS, SupplierLookups, supplier_from_vendor
from ledger.models import Currency, DimensionValue, GLCode, Terms


def sources_of(job: Job, around: Surroundings) -> list[Source]:
    """One per object; a user-defined dimension each."""
    if job.data_set in STANDARD:
        return [_dimension_values(job, around, STANDARD[job.data_set])]
    if job.data_set == "user_defined":
        return [_dimension_values(job, around, user_defined(name)) for name in _user_defined_objects(around)]
    return [_BUILDERS[job.data_set](job, around)]


def _user_defined_objects(around: Surroundings) -> list[str]:
    """As the company names them now; as we know them from before while it has not been asked."""
    if around.dimensions is not None:
        return [info.object_name for info in around.dimensions if info.is_user_defined]
    known = dimensions.known_user_defined(around)
    return [key.removeprefix("gldim").upper() for key in known.values_list("key", flat=True)]


def _is_preview(job: Job) -> bool:
    return job.kind == JobKind.PREVIEW


def _currencies(job: Job, around: Surroundings) -> Source:
    return Source(
        data_set=job.data_set,
        object_name="TRXCURRENCIES",
        fields=ledger_mappers.CURRENCY_FIELDS,
        target=targets.CURRENCIES,
        fixed={"account_id": around.account.pk},
        mapper=lambda records: ledger_mappers.currency_from_transaction_currency,
        key=lambda record: record.get("CODE", ""),
        name_fields=("NAME", "CODE"),
        is_preview=_is_preview(job),
    )


def _terms(job: Job, around: Surroundings) -> Source:
    return Source(
        data_set=job.data_set,
        object_name="APTERM",
        fields=ledger_mappers.TERM_FIELDS,
        target=targets.TERMS,
        fixed={"account_id": around.account.pk},
        mapper=lambda records: _terms_mapper(job),
        key=lambda record: record.get("NAME", ""),
        name_fields=("NAME",),
        is_preview=_is_preview(job),
        folds_case=True,
    )


def _terms_mapper(job: Job) -> Mapper:
    """Here capitals make no difference, there they do: the twin of terms that we have may come by itself, later."""
    there = ExternalRecord.objects.filter(connection=job.connection_id, object_type="APTERM", is_present=True)
    keys = dict(there.values_list(Lower("external_key"), "external_key"))

    def mapper(term: Record) -> Mapped:
        mapped = ledger_mappers.terms_from_term(term)
        twin = keys.get(mapped.key.lower(), mapped.key)
        if twin != mapped.key:
            raise duplicate_of(twin)
        return mapped

    return mapper


def _tax_codes(job: Job, around: Surroundings) -> Source:
    mapper = partial(ledger_mappers.tax_code_from_detail, companies=around.companies)
    return Source(
        data_set=job.data_set,
        object_name="TAXDETAIL",
        fields=ledger_mappers.TAX_FIELDS,
        target=targets.TAX_CODES,
        fixed={"account_id": around.account.pk},
        mapper=lambda records: mapper,
        key=lambda record: record.get("DETAILID", ""),
        name_fields=("DESCRIPTION", "DETAILID"),
        is_preview=_is_preview(job),
        is_wanted=lambda record: ledger_mappers.is_purchase_tax(record) and around.owns(record.get("MEGAENTITYID", "")),
    )


def _gl_codes(job: Job, around: Surroundings) -> Source:
    own_flags = [f"REQUIRE{key.upper()}" for key in dimensions.known_user_defined(around).values_list("key", flat=True)]
    return Source(
        data_set=job.data_set,
        object_name="GLACCOUNT",
        fields=(*ledger_mappers.ACCOUNT_FIELDS, *own_flags),
        target=targets.GL_CODES,
        fixed={"company_id": job.company_id},
        mapper=lambda records: partial(ledger_mappers.gl_code_from_account, bank_accounts=around.bank_accounts),
        key=lambda record: record.get("ACCOUNTNO", ""),
        name_fields=("TITLE", "ACCOUNTNO"),
        link_company_id=job.company_id,
        is_preview=_is_preview(job),
    )


def _suppliers(job: Job, around: Surroundings) -> Source:
    mapper = partial(supplier_from_vendor, lookups=supplier_lookups(job, around))
    return Source(
        data_set=job.data_set,
        object_name="VENDOR",
        fields=VENDOR_FIELDS,
        target=targets.SUPPLIERS,
        fixed={"company_id": job.company_id},
        mapper=lambda records: mapper,
        key=lambda record: record.get("VENDORID", ""),
        name_fields=("NAME", "VENDORID"),
        link_company_id=job.company_id,
        is_preview=_is_preview(job),
    )


def supplier_lookups(job: Job, around: Surroundings) -> SupplierLookups:
    """What suppliers point at. A preview of everything also counts what its other previews would create."""
    account = around.account
    currencies = dict(Currency.objects.filter(account=account).values_list("code", "pk"))
    terms = dict(Terms.objects.filter(account=account).values_list(Lower("name"), "pk"))
    gl_codes = dict(GLCode.objects.filter(company=job.company_id).values_list("code", "pk"))
    if _is_preview(job):
        currencies |= dict.fromkeys(_previewed(job, "currencies"), 0)
        terms |= dict.fromkeys((name.lower() for name in _previewed(job, "terms")), 0)
        gl_codes |= dict.fromkeys(_previewed(job, "gl_codes"), 0)
    return SupplierLookups(currencies, terms, gl_codes)


def _previewed(job: Job, data_set: str) -> list[str]:
    created = Outcome.objects.filter(
        job__batch=job.batch, job__kind=JobKind.PREVIEW, job__data_set=data_set, kind="created"
    )
    return list(created.values_list("record_key", flat=True))


def _dimension_values(job: Job, around: Surroundings, dimension: DimensionObject) -> Source:
    dimension_id = dimensions.row_of(job, around, dimension)
    return Source(
        data_set=job.data_set,
        object_name=dimension.object_name,
        fields=dimension.fields,
        target=targets.DIMENSION_VALUES,
        fixed={"dimension_id": dimension_id},
        mapper=_dimension_mapper(job, around, dimension),
        key=lambda record: _dimension_key(record, dimension),
        name_fields=(dimension.name_field.split(",")[0], dimension.id_field),
        record_field=dimension.record_field,
        is_incremental=not dimension.is_user_defined,
        is_preview=_is_preview(job),
        is_wanted=lambda record: around.owns(record.get(dimension.owner_field, "")),
        has_parents=bool(dimension.parent_field),
    )


def _dimension_key(record: Record, dimension: DimensionObject) -> str:
    code, scope = record.get(dimension.id_field, ""), record.get(dimension.scope_field, "")
    return f"{scope}--{code}" if scope else code


def _dimension_mapper(
    job: Job, around: Surroundings, dimension: DimensionObject
) -> Callable[[Iterable[Record]], Mapper]:
    def mapper(records: Iterable[Record]) -> Mapper:
        return partial(
            dimension_value_from_record,
            dimension=dimension,
            companies=around.companies,
            scopes=_scopes(job, around, dimension, records),
        )

    return mapper


def _scopes(job: Job, around: Surroundings, dimension: DimensionObject, records: Iterable[Record]) -> Mapping[str, int]:
    """The projects that the tasks of this page belong to; in a preview, with those that it would create."""
    if not dimension.scope_field:
        return {}
    codes = {record.get(dimension.scope_field, "") for record in records}
    owners = DimensionValue.objects.filter(dimension__account=around.account, dimension__key="project", code__in=codes)
    expected = dict.fromkeys(_previewed(job, "project"), 0) if _is_preview(job) else {}
    return expected | dict(owners.values_list("code", "pk"))


_BUILDERS: dict[str, Callable[[Job, Surroundings], Source]] = {
    "currencies": _currencies,
    "terms": _terms,
    "tax_codes": _tax_codes,
    "gl_codes": _gl_codes,
    "suppliers": _suppliers,
}
