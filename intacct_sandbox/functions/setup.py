"""Sessions, company set-up, dimensions, users."""

from __future__ import annotations

from lxml import etree

from intacct_sandbox import errors
from intacct_sandbox.company import OPERATIONS, User
from intacct_sandbox.functions.context import Context
from intacct_sandbox.schema import OBJECTS
from intacct_sandbox.xmltext import element, elements, escape, text_of

STANDARD_DIMENSIONS = (
    "DEPARTMENT",
    "LOCATION",
    "PROJECT",
    "TASK",
    "CUSTOMER",
    "VENDOR",
    "EMPLOYEE",
    "ITEM",
    "CLASS",
    "CONTRACT",
    "WAREHOUSE",
)
APPLICATIONS = {
    "2.GL": "General Ledger",
    "3.AP": "Accounts Payable",
    "9.PO": "Purchasing",
    "1.CO": "Company",
}


def get_api_session(context: Context, body: etree._Element) -> str:
    session = context.session
    wanted = body.find("locationid")
    if context.new_session and wanted is not None:
        session = context.new_session(session, (wanted.text or "").strip())
    pairs = {"sessionid": session.id, "endpoint": context.endpoint, "locationid": session.entity}
    return f"<data><api>{elements(pairs)}</api></data>"


def read_entity_details(context: Context, body: etree._Element) -> str:
    allowed = context.session.user.entities
    found = [entity for entity in context.company.entities() if allowed is None or entity["LOCATIONID"] in allowed]
    inner = "".join(
        "<entity>"
        + elements(
            {
                "id": entity["LOCATIONID"],
                "name": entity["NAME"],
                "recordno": entity["RECORDNO"],
                "currency": entity["CURRENCY"] or context.company.base_currency,
                "firstfiscalmonth": entity["FIRSTMONTH"],
                "firstfiscaltaxmonth": entity["FIRSTMONTHTAX"],
                "weekstart": entity["WEEKSTART"],
            }
        )
        + "</entity>"
        for entity in found
    )
    return f'<data listtype="entity" count="{len(found)}">{inner}</data>'


def get_financial_setup(context: Context, body: etree._Element) -> str:
    company = context.company
    bases = {entity["CURRENCY"] for entity in company.entities()} - {""}
    several = len(bases) > 1
    pairs = {
        "baseCurrency": "" if several else company.base_currency or next(iter(bases), ""),
        "defaultBook": "ACCRUAL",
        "firstFiscalMonth": "1",
        "multiBaseCurrency": str(several).lower(),
        "multiBook": "false",
        "multiCurrency": str(company.preference("multi_currency")).lower(),
        "multiEntityShared": str(company.multi_entity).lower(),
    }
    return f'<data listtype="financialSetup" count="1"><financialSetup>{elements(pairs)}</financialSetup></data>'


def get_dimensions(context: Context, body: etree._Element) -> str:
    own = [name for name, otype in OBJECTS.items() if otype.custom and context.company.table(name).live]
    inner = "".join(_dimension(context, name, custom=False) for name in STANDARD_DIMENSIONS)
    inner += "".join(_dimension(context, name, custom=True) for name in own)
    count = len(STANDARD_DIMENSIONS) + len(own)
    return f'<data listtype="dimensions" count="{count}"><dimensions>{inner}</dimensions></data>'


def _dimension(context: Context, name: str, *, custom: bool) -> str:
    pairs = {
        "objectName": name,
        "objectLabel": OBJECTS[name].label,
        "termLabel": context.company.label(name),
        "userDefinedDimension": str(custom).lower(),
        "enabledInGL": str(name != "WAREHOUSE").lower(),
    }
    return f"<dimension>{elements(pairs)}</dimension>"


def get_dimension_relationships(context: Context, body: etree._Element) -> str:
    """Every dimension with those it leads to, one way (Many to One) and back."""
    own = [name for name, otype in OBJECTS.items() if otype.custom and context.company.table(name).live]
    names = [*STANDARD_DIMENSIONS, *own]
    pairs = [
        (source, relation.target, number)
        for number, (source, relation) in enumerate(
            ((name, relation) for name in names for relation in OBJECTS[name].relations.values()), start=10101
        )
        if relation.target in names and relation.target != source
    ]
    related: dict[str, list[str]] = {name: [] for name in names}
    for source, target, number in pairs:
        related[source].append(_related(names, target, number, "Many", "One"))
        related[target].append(_related(names, source, number, "One", "Many"))
    inner = "".join(
        f"<relationship>{elements(_dimension_id(names, name))}<autofillrelated>false</autofillrelated>"
        f"<enableoverride>false</enableoverride>{''.join(related[name])}</relationship>"
        for name in names
    )
    return f'<data listtype="relationship" count="{len(names)}">{inner}</data>'


def _dimension_id(names: list[str], name: str) -> dict[str, str]:
    return {"dimension": name, "object_id": str(5001 + names.index(name))}


def _related(names: list[str], name: str, number: int, source: str, target: str) -> str:
    pairs = {"relationship_id": str(number), "source_side": source, "related_side": target}
    return f"<related>{elements(_dimension_id(names, name) | pairs)}</related>"


def read_user_formatting(context: Context, body: etree._Element) -> str:
    user = _user(context, text_of(body, "key"), text_of(body, "userId"))
    pairs = {
        "recordno": user.recordno,
        "locale": "en_US",
        "dateformat": user.dateformat,
        "gmtoffset": user.gmtoffset,
        "clock": "24",
    }
    return f'<data listtype="userformatting" count="1"><userformatting>{elements(pairs)}</userformatting></data>'


def _user(context: Context, key: str, login: str) -> User:
    for user in context.company.users.values():
        if (key and user.recordno == key) or (login and user.login == login):
            return user
    if not key and not login:
        return context.session.user
    error = errors.Error(
        "BL03000025", f"Login ID {login or key} does not exist.", "Provide a valid USER.LOGINID value."
    )
    raise errors.Refused(error)


def get_user_permissions(context: Context, body: etree._Element) -> str:
    user = _user(context, "", text_of(body, "userId"))
    lines = []
    for name in OBJECTS:
        rights = [word for word in OPERATIONS if user.may(word, name)]
        lines.append(f"<policy>{elements({'policyName': name, 'rights': '|'.join(rights)})}</policy>")
    policies = f"<applicationName>Accounts Payable</applicationName><policies>{''.join(lines)}</policies>"
    inner = f"<appSubscription>{policies}</appSubscription>"
    return f'<data listtype="permissions" count="1"><permissions>{inner}</permissions></data>'


def get_company_prefs(context: Context, body: etree._Element) -> str:
    application = body.get("application", "AP")
    inner = "".join(
        "<companypref>"
        + elements({"application": application, "preference": name, "prefvalue": value})
        + "</companypref>"
        for name, value in context.company.preferences.items()
    )
    return f"<data>{inner}</data>"


def get_applications(context: Context, body: etree._Element) -> str:
    inner = "".join(f'<application id="{key}">{escape(name)}</application>' for key, name in APPLICATIONS.items())
    return f"<data>{inner}</data>"


def get_ar_aging(context: Context, body: etree._Element) -> str:
    periods = [period.strip() for period in text_of(body, "agingperiods").split(",") if period.strip()]
    customer = text_of(body, "customerid")
    inner = "".join(f"<aging>{elements({'agingperiod': period, 'totalamount': '0'})}</aging>" for period in periods)
    return f"<data><araging>{element('customerid', customer)}{inner}</araging></data>"


FUNCTIONS = {
    "getAPISession": get_api_session,
    "readEntityDetails": read_entity_details,
    "getFinancialSetup": get_financial_setup,
    "getDimensions": get_dimensions,
    "getDimensionRelationships": get_dimension_relationships,
    "readUserFormatting": read_user_formatting,
    "getUserPermissions": get_user_permissions,
    "get_companyprefs": get_company_prefs,
    "get_applications": get_applications,
    "get_araging": get_ar_aging,
}
