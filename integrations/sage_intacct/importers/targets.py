"""Which table a data set fills, and the statements that fill it.

One statement per page: it writes only rows that differ, ties them to their records there, notes what it created or
changed (from what, to what) as outcomes, and answers with counts. A preview is the same statement without the writing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from operator import itemgetter

from django.db.models import Model

from integrations.sage_intacct.importers import problems
from ledger.models import Currency, DimensionValue, GLCode, TaxCode, Terms
from organization.folding import DerivedField, derived_fields
from suppliers.models import Supplier


@dataclass(frozen=True)
class Column:
    """`show` is SQL that turns a stored value `{}` into what a person reads. `is_given` tells whether the record there
    has a value for it: while it has none, what a person set here stays. None: it always has one.
    """

    name: str
    type: str
    label: str
    is_lookup: bool = False
    show: str = "{}::text"
    is_given: Callable[[Mapping[str, object]], object] | None = None


@dataclass(frozen=True)
class Target:
    """`fixed` columns have one value for the whole read, given as parameters of that name; `key` columns are the rest
    of what makes a row unique; `conflict` names the unique index in SQL; `key_match` joins on it, by a probe per row
    where the index can answer it: then a page costs the same however large the table is. Rows of a target that
    `follows_numbers` stay those of their record when its ID changes (see renaming).
    """

    model: type[Model]
    fixed: tuple[str, ...]
    key: tuple[Column, ...]
    columns: tuple[Column, ...]
    conflict: str
    key_match: str
    is_probed: bool = True
    follows_numbers: bool = False

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @cached_property
    def derived(self) -> tuple[DerivedField, ...]:
        """Columns that follow from others: written with them, but neither compared nor told."""
        return tuple(derived_fields(self.model))

    @cached_property
    def derived_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.derived)

    @cached_property
    def all_columns(self) -> tuple[Column, ...]:
        return (*self.key, *self.columns)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.all_columns)

    @cached_property
    def values_of(self) -> Callable[[Mapping[str, object]], tuple[object, ...]]:
        """Reads the values of all columns, in their order."""
        return itemgetter(*self.names)

    @cached_property
    def optional(self) -> tuple[tuple[str, Callable[[Mapping[str, object]], object]], ...]:
        return tuple((column.name, column.is_given) for column in self.columns if column.is_given)

    @cached_property
    def optional_names(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.optional)

    def given(self, values: Mapping[str, object]) -> list[str]:
        """The optional columns that the record there has a value for."""
        return [name for name, is_given in self.optional if is_given(values)]

    @cached_property
    def identity(self) -> tuple[Column, ...]:
        return self.key or self.columns[:1]


def _text(name: str, label: str) -> Column:
    return Column(name, "text", label)


def _flag(name: str, label: str) -> Column:
    return Column(name, "boolean", label, show="CASE WHEN {} THEN 'yes' ELSE 'no' END")


def _optional(column: Column) -> Column:
    return replace(column, is_given=itemgetter(column.name))


def _lookup(name: str, label: str, table: str, shown: str = "code") -> Column:
    show = f"(SELECT {shown} FROM {table} WHERE id = {{}})"  # noqa: S608 (names of our own tables)
    return _optional(Column(name, "bigint", label, is_lookup=True, show=show))


_ACTIVE = _flag("is_active", "Active")
_CODE = _text("code", "Code")

CURRENCIES = Target(
    model=Currency,
    fixed=("account_id",),
    key=(_CODE,),
    # The legacy list has no names: the code stands in for one.
    columns=(Column("name", "text", "Name", is_given=lambda values: values["name"] != values["code"]), _ACTIVE),
    conflict="(account_id, code)",
    key_match="t.account_id = %(account_id)s AND t.code = i.code",
)
TERMS = Target(
    model=Terms,
    fixed=("account_id",),
    key=(),
    columns=(
        _text("name", "Name"),
        _optional(_text("description", "Description")),
        Column("due_days", "integer", "Days"),
        _text("due_from", "Counted from"),
        _ACTIVE,
    ),
    conflict="(account_id, lower(name))",
    key_match="t.account_id = %(account_id)s AND lower(t.name) = lower(i.name)",
)
GL_CODES = Target(
    model=GLCode,
    fixed=("company_id",),
    key=(_CODE,),
    columns=(
        _text("name", "Name"),
        _text("kind", "Kind"),
        _optional(Column("required_dimensions", "varchar[]", "Required dimensions", show="array_to_string({}, ', ')")),
        # There only a bank account says no.
        replace(
            _flag("is_usable_on_invoices", "Usable on invoices"),
            is_given=lambda values: not values["is_usable_on_invoices"],
        ),
        _text("unusable_reason", "Why not usable"),
        _ACTIVE,
    ),
    conflict="(company_id, code)",
    key_match="t.company_id = %(company_id)s AND t.code = i.code",
)
TAX_CODES = Target(
    model=TaxCode,
    fixed=("account_id",),
    key=(Column("company_id", "bigint", "Company"), _CODE),
    columns=(
        _optional(_text("description", "Description")),
        Column("rate", "numeric(9,4)", "Rate", show="trim_scale({})::text"),
        _flag("is_reverse_charge", "Reverse charge"),
        _ACTIVE,
    ),
    conflict="(account_id, company_id, code)",
    key_match="t.account_id = %(account_id)s AND t.company_id IS NOT DISTINCT FROM i.company_id AND t.code = i.code",
    is_probed=False,
)
DIMENSION_VALUES = Target(
    model=DimensionValue,
    fixed=("dimension_id",),
    key=(Column("company_id", "bigint", "Company"), Column("scope_id", "bigint", "Belongs to"), _CODE),
    columns=(_text("name", "Name"), _ACTIVE),
    conflict="(dimension_id, company_id, scope_id, code)",
    key_match=(
        "t.dimension_id = %(dimension_id)s AND t.code = i.code AND t.company_id IS NOT DISTINCT FROM i.company_id "
        "AND t.scope_id IS NOT DISTINCT FROM i.scope_id"
    ),
    is_probed=False,
)
SUPPLIERS = Target(
    model=Supplier,
    fixed=("company_id",),
    key=(_CODE,),
    columns=(
        _text("name", "Name"),
        _lookup("currency_id", "Currency", "ledger_currency"),
        _lookup("terms_id", "Terms", "ledger_terms", "name"),
        _lookup("default_gl_code_id", "Default GL code", "ledger_glcode"),
        *(
            _optional(_text(name, label))
            for name, label in (
                ("tax_id", "Tax ID"),
                ("contact_name", "Contact"),
                ("email", "E-mail"),
                ("phone", "Phone"),
                ("address", "Address"),
            )
        ),
        _flag("is_on_hold", "On hold"),
        _ACTIVE,
    ),
    conflict="(company_id, code)",
    # Before a move a row is found by the code that it has; a preview moves nothing.
    key_match="t.company_id = %(company_id)s AND t.code = coalesce({known_as}, i.code)",
    follows_numbers=True,
)


@lru_cache(maxsize=64)
def page_sql(target: Target, *, is_company_link: bool, is_preview: bool) -> str:
    """Parameters: rows and notices (JSON arrays), optional (names), the target's fixed columns, connection_id,
    link_company_id, object_type, data_set, job_id, seen, now. Answers created, updated, deactivated, warnings.

    Rows are written in the order of their keys: two jobs never wait for each other, and all is compared before
    anything is written. The connection is held first: foreign keys would lock it at the end, behind the job, and
    Disable goes the other way. A warning of a field that a person has set here is not told.
    """
    return _PAGE.format(
        incoming=", ".join(
            [*(f"{c.name} {c.type}" for c in target.all_columns), *(f"{name} text" for name in target.derived_names)]
        ),
        merged=", ".join(
            [
                *(f"i.{name}" for name in (*(c.name for c in target.key), *target.derived_names)),
                *(_merged(c) for c in target.columns),
            ]
        ),
        before=", ".join(f"t.{c.name} AS old_{c.name}" for c in target.columns),
        present=_present(target, is_preview=is_preview),
        old=", ".join(f"old_{c.name}" for c in target.columns),
        new=", ".join(c.name for c in target.columns),
        changes=",\n    ".join(_change(c) for c in target.columns),
        written=_preview_written(target) if is_preview else _written(target),
        same_key=" AND ".join(_is_same(c) for c in target.identity),
        linked="" if is_preview else _LINKED.format(link_match=_link_match(is_company_link)),
        problems="" if is_preview else problems.of_page(is_company_link=is_company_link),
    )


def _present(target: Target, *, is_preview: bool) -> str:
    """The row that is there. OFFSET keeps the planner from reading the whole table for a hash."""
    key_match = target.key_match.format(known_as="i.known_as" if is_preview else "NULL")
    if not target.is_probed:
        return f"{target.table} t ON {key_match}"
    return f"LATERAL (SELECT * FROM {target.table} t WHERE {key_match} OFFSET 0) t ON true"  # noqa: S608


def _merged(column: Column) -> str:
    """What a person set here stays while there is nothing there; what came from there goes when it is emptied there.
    A look-up that failed leaves what is there.
    """
    name = column.name
    if not column.is_given:
        return f"i.{name}"
    is_from_there = f"t.id IS NULL OR '{name}' = ANY(i.given) OR '{name}' = ANY(t.imported_fields)"
    is_written = f"NOT coalesce(i.missing, '{{}}') ? '{name}' AND ({is_from_there})"
    return f"CASE WHEN {is_written} THEN i.{name} ELSE t.{name} END AS {name}"


def _change(column: Column) -> str:
    old, new = column.show.format(f"m.old_{column.name}"), column.show.format(f"m.{column.name}")
    is_own = f"NOT '{column.name}' = ANY(m.old_imported_fields)" if column.is_given else "false"
    return f"('{column.label}', {old}, {new}, {is_own})"


def _is_same(column: Column) -> str:
    """Texts are never null, and only `=` can be hashed."""
    return f"w.{column.name} {'=' if column.type == 'text' else 'IS NOT DISTINCT FROM'} c.{column.name}"


def _written(target: Target) -> str:
    names = ", ".join((*target.names, *target.derived_names))
    fixed = ", ".join(target.fixed)
    params = ", ".join(f"%({name})s" for name in target.fixed)
    told = (*(c.name for c in target.columns), *target.derived_names)
    updates = ", ".join(f"{name} = EXCLUDED.{name}" for name in (*told, "imported_fields"))
    back = ", ".join(c.name for c in target.identity)
    return f"""
  INSERT INTO {target.table} ({fixed}, {names}, imported_fields, is_imported)
  SELECT {params}, {names}, imported_fields, true FROM changed ORDER BY {back}
  ON CONFLICT {target.conflict} DO UPDATE SET {updates}, is_imported = true
  RETURNING id, {back}"""  # noqa: S608 (names of our own columns)


def _preview_written(target: Target) -> str:
    return f"SELECT before_id AS id, {', '.join(c.name for c in target.identity)} FROM changed"  # noqa: S608


def _link_match(is_company_link: bool) -> str:
    return "e.company_id = %(link_company_id)s" if is_company_link else "e.company_id IS NULL"


_LINKED = """
, linked AS (
  INSERT INTO integrations_externalrecord
    (connection_id, company_id, object_type, external_key, record_no, local_id, is_present, attributes)
  SELECT %(connection_id)s, %(link_company_id)s, %(object_type)s, r.external_key, r.record_no, r.id, true, r.attributes
  FROM rows r
  LEFT JOIN LATERAL (
    SELECT * FROM integrations_externalrecord e WHERE e.connection_id = %(connection_id)s AND {link_match}
      AND e.object_type = %(object_type)s AND e.external_key = r.external_key OFFSET 0
  ) e ON true
  WHERE e.id IS NULL
    OR (e.record_no, e.local_id, e.is_present, e.attributes) IS DISTINCT FROM (r.record_no, r.id, true, r.attributes)
  ORDER BY r.external_key
  ON CONFLICT (connection_id, company_id, object_type, external_key) DO UPDATE SET
    record_no = EXCLUDED.record_no, local_id = EXCLUDED.local_id, is_present = true, attributes = EXCLUDED.attributes
)"""

_PAGE = """
WITH held AS MATERIALIZED (
  SELECT id FROM integrations_connection WHERE id = %(connection_id)s FOR KEY SHARE
), incoming AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%(rows)s::json)
    AS r(external_key text, record_no bigint, label text, missing jsonb, attributes jsonb, given varchar[],
      known_as text, {incoming})
), merged AS (
  SELECT i.external_key, i.known_as, i.record_no, i.label, coalesce(i.attributes, '{{}}') AS attributes, {merged},
    i.given || ARRAY(
      SELECT kept FROM unnest(t.imported_fields) kept WHERE i.missing ? kept OR NOT kept = ANY(%(optional)s)
    ) AS imported_fields,
    t.imported_fields AS old_imported_fields, t.id AS before_id, t.is_imported AS was_imported,
    {before}
  FROM incoming i LEFT JOIN {present}
), compared AS MATERIALIZED (
  SELECT *,
    before_id IS NULL OR NOT was_imported OR known_as IS NOT NULL OR ({old}) IS DISTINCT FROM ({new}) AS is_changed,
    old_imported_fields IS DISTINCT FROM imported_fields AS is_from_elsewhere FROM merged
), changed AS MATERIALIZED (
  SELECT * FROM compared WHERE is_changed OR is_from_elsewhere
), written AS ({written}
), done AS MATERIALIZED (
  SELECT c.*, w.id FROM changed c JOIN written w ON {same_key}
), rows AS MATERIALIZED (
  SELECT external_key, record_no, attributes, id FROM done
  UNION ALL
  SELECT external_key, record_no, attributes, before_id FROM compared WHERE NOT (is_changed OR is_from_elsewhere)
), told AS MATERIALIZED (
  SELECT n.*, r.id FROM json_to_recordset(%(notices)s::json)
    AS n(kind text, remote_id text, external_key text, label text, code text, message text, advice text,
      field text)
  LEFT JOIN rows r ON r.external_key = n.external_key
  LEFT JOIN compared c ON c.external_key = n.external_key
  WHERE n.field IS NULL OR coalesce(to_jsonb(c) ->> ('old_' || n.field), '') = ''
    OR n.field = ANY(c.old_imported_fields)
){linked}{problems}
, noted AS (
  INSERT INTO integrations_outcome
    (job_id, kind, record_key, record_name, local_id, code, message, advice, raw_message, changes)
  SELECT %(job_id)s,
    CASE WHEN m.before_id IS NULL THEN 'created' WHEN m.old_is_active AND NOT m.is_active THEN 'deactivated'
      ELSE 'updated' END,
    m.external_key, m.label, m.id, '',
    concat_ws(' ',
      CASE WHEN m.before_id IS NOT NULL AND m.old_is_active AND NOT m.is_active THEN 'It is inactive in Sage Intacct.'
        END,
      'Sage Intacct has a value of its own, which replaced the one that stood here: ' || d.replaced || '.'),
    '', '', d.changes
  FROM done m
  LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(field, jsonb_build_array(coalesce(old, ''), coalesce(new, ''))) AS changes,
      string_agg(field, ', ') FILTER (WHERE is_own AND old <> '' AND new <> '') AS replaced FROM (VALUES
    ('ID', coalesce(m.known_as, m.external_key), m.external_key, false),
    {changes}) AS v(field, old, new, is_own) WHERE m.before_id IS NOT NULL AND old IS DISTINCT FROM new
  ) d ON true
  WHERE m.is_changed
  UNION ALL
  SELECT %(job_id)s, kind, external_key, label, id, code, message, advice, '', NULL FROM told
  RETURNING kind
)
SELECT count(*) FILTER (WHERE kind = 'created'), count(*) FILTER (WHERE kind = 'updated'),
  count(*) FILTER (WHERE kind = 'deactivated'), count(*) FILTER (WHERE kind = 'warning'),
  (SELECT count(*) FROM held) FROM noted
"""
