"""The exact element order of the legacy functions, and the check that a request keeps it. A shape is a
text of names in order: `name!` must be there, `name*` may repeat, `name(other)` has the children of
the shape `other`, `a|b` is one of two (with `*`, any mixture of them). The functions that read take their
elements in any order, but no others. Reference: the vendor's published grammar, and its pages per function."""

from __future__ import annotations

import re
from functools import cache

from lxml import etree

from intacct_sandbox.errors import element_missing, element_not_expected, parse_error
from intacct_sandbox.xmltext import line_of

CURRENCY = "basecurr currency exchratedate(date) exchratetype exchrate"
DIMENSIONS = "projectid taskid costtypeid customerid vendorid employeeid itemid classid contractid warehouseid"
TAX = "totaltrxamount partialexempt taxentries(taxentries)"
# The sources disagree on which side of the custom fields these two stand, so either is taken.
TAX_HEAD = "inclusivetax taxsolutionid customfields(any) inclusivetax taxsolutionid"
FORM = "item1099 form1099type form1099box key totalpaid totaldue customfields(any)"

SHAPES: dict[str, str] = {
    "date": "year! month! day!",
    "contact": "contactname!",
    "taxentries": "taxentry(taxentry)*",
    "taxentry": "detailid! trx_tax",
    "billitems": "lineitem(billline)*!",
    "billline": f"""accountlabel|glaccountno! offsetglaccountno amount! allocationid memo locationid departmentid {FORM}
        {DIMENSIONS} billable {TAX}""",
    "adjustmentitems": "lineitem(adjustmentline)*!",
    "adjustmentline": f"""accountlabel|glaccountno! offsetglaccountno amount! allocationid memo locationid departmentid
        {FORM} {DIMENSIONS} {TAX}""",
    "updatebillitems": "updatelineitem(updateline)|lineitem(billline)*",
    "updateline": f"""accountlabel|glaccountno offsetglaccountno amount allocationid memo locationid departmentid {FORM}
        {DIMENSIONS} billable {TAX}""",
    "create_bill": f"""vendorid! datecreated(date)! dateposted(date) datedue(date) termname action batchkey billno
    ponumber     onhold description externalid payto(contact) returnto(contact) {CURRENCY} nogl supdocid {TAX_HEAD}
    billitems(billitems)!""",
    "update_bill": f"""vendorid datecreated(date) dateposted(date) datedue(date) termname action batchkey billno
    ponumber     onhold description externalid payto(contact) returnto(contact) {CURRENCY} nogl supdocid {TAX_HEAD}
    updatebillitems(updatebillitems)""",
    "delete_bill": "",
    "reverse_bill": "datereversed(date)! description",
    "create_apadjustment": f"""vendorid! datecreated(date)! dateposted(date) batchkey adjustmentno action billno
    description         externalid {CURRENCY} nogl {TAX_HEAD}
        apadjustmentitems(adjustmentitems)!""",
    "delete_apadjustment": "",
    "create_supdoc": """supdocid! supdocname supdocfoldername supdocdescription attachments(attachments)""",
    "update_supdoc": """supdocid! supdocname supdocfoldername supdocdescription attachments(attachments)""",
    "attachments": "attachment(attachment)*",
    "attachment": "attachmentname attachmenttype attachmentdata",
    "delete_supdoc": "",
    "create_supdocfolder": "supdocfoldername! supdocfolderdescription supdocparentfoldername",
    "update_supdocfolder": "supdocfoldername! supdocfolderdescription supdocparentfoldername",
    "delete_supdocfolder": "",
    "create_apterm": """name! description status due(due) discount(discount) disccalcon penalty(penalty)""",
    "due": "dueday duefrom",
    "discount": "discday discfrom discamount discpercamn discgracedays",
    "penalty": "pen_type penamount penpercamn pengracedays",
    "create_vendor": """vendorid! name! parentid termname glaccountno accountlabel vendtype taxid creditlimit paymethod
    outsourcecheck outsourceach billingtype vendoraccountno displocacctnocheck onhold donotcutcheck
    comments status currency onetime externalid primary(any) returnto(any) payto(any) contactinfo(any)
    contactto1099(any) contactlist(any) name1099 form1099type form1099box customfields(any)
    paymentnotify achenabled wireenabled checkenabled achbankroutingnumber achaccountnumber achaccounttype
    achremittancetype wirebankname wirebankroutingnumber wireaccountnumber wireaccounttype
    pmplusremittancetype pmplusemail pmplusfax displaytermdiscount visibility(any) supdocid
    mergepaymentreq offsetglaccountno""",
    "delete_vendor": "",
    "delete_glaccount": "",
    "create_billbatch": "batchtitle! datecreated(date)!",
    "create_paymentrequest": """bankaccountid chargecardid vendorid! memo paymentmethod! grouppayments
    paymentdate(date)! paymentoption paymentrequestitems(paymentrequestitems)! documentnumber
    paymentdescription paymentcontact""",
    "paymentrequestitems": "paymentrequestitem(paymentrequestitem)*!",
    "paymentrequestitem": "key! paymentamount! credittoapply discounttoapply",
    "appaymentkeys": "appaymentkey*!",
    "approve_appaymentrequest": "appaymentkeys(appaymentkeys)!",
    "decline_appaymentrequest": "appaymentkeys(appaymentkeys)!",
    "send_appaymentrequest": "appaymentkeys(appaymentkeys)!",
    "confirm_appaymentrequest": "appaymentkeys(appaymentkeys)!",
    "void_appaymentrequest": "appaymentkeys(appaymentkeys)!",
    "reverse_appayment": "datereversed(date)! description",
    "create_aradjustment": f"""customerid! datecreated(date)! dateposted(date) batchkey adjustmentno action invoiceno
    description externalid {CURRENCY} nogl {TAX_HEAD} aradjustmentitems(adjustmentitems)!""",
    "delete_aradjustment": "",
    "record_deposit": """bankaccountid! depositdate(date)! depositid! receiptkeys(receiptkeys)! description supdocid
    customfields(any)""",
    "receiptkeys": "receiptkey*!",
    "get_list": "filter(any) sorts(any) fields(any) additional_parameters(any)",
    "get": "fields(any)",
    "get_companyprefs": "",
    "recallApBill": "recordno!",
}


# The children of the functions that read, each at most once.
CHILDREN: dict[str, frozenset[str]] = {
    name: frozenset(children.split())
    for name, children in {
        "query": "object select filter orderby options pagesize offset docparid",
        "readByQuery": "object fields query pagesize returnFormat docparid",
        "readMore": "object view reportId resultId",
        "read": "object keys fields returnFormat docparid",
        "readByName": "object keys fields returnFormat docparid",
        "lookup": "object docparid",
        "inspect": "object",
    }.items()
}


class Part:
    def __init__(self, word: str) -> None:
        bare = word.rstrip("*!")
        marks = word[len(bare) :]
        self.shapes = dict(re.findall(r"(\w+)(?:\((\w+)\))?", bare))
        self.shown = ", ".join(self.shapes)
        self.many, self.required = "*" in marks, "!" in marks


@cache
def parts_of(shape: str) -> tuple[Part, ...]:
    return tuple(Part(word) for word in SHAPES[shape].split())


def check(function: etree._Element) -> None:
    """Raises Refused (control level, XL03000003) when a function has an element out of order or unknown."""
    name = str(function.tag)
    if name in SHAPES:
        _check(function, name)
    seen: set[str] = set()
    for child in function if name in CHILDREN else ():
        if child.tag not in CHILDREN[name] or child.tag in seen:
            raise element_not_expected(str(child.tag), ", ".join(sorted(CHILDREN[name] - seen)), line_of(child))
        seen.add(str(child.tag))


def _check(element: etree._Element, shape: str) -> None:
    parts = parts_of(shape)
    index = 0
    seen = [0] * len(parts)
    for child in element:
        while index < len(parts) and not _fits(child, parts[index], seen[index]):
            if parts[index].required and not seen[index]:
                raise element_not_expected(str(child.tag), parts[index].shown, line_of(child))
            index += 1
        if index == len(parts):
            raise element_not_expected(str(child.tag), line=line_of(child))
        seen[index] += 1
        shape = parts[index].shapes[str(child.tag)]
        if shape and shape != "any":
            _check(child, shape)
    for part, count in zip(parts, seen, strict=True):
        if part.required and not count:
            raise element_missing(str(element.tag), part.shown, line_of(element))


def _fits(child: etree._Element, part: Part, count: int) -> bool:
    return child.tag in part.shapes and (part.many or not count)


def required_attribute(function: etree._Element, name: str) -> str:
    value = function.get(name)
    if value is None:
        message = f"Fatal Error 1868: Element '{function.tag}': The attribute '{name}' is required but missing."
        raise parse_error(message, line_of(function))
    return value
