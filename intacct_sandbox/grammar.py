"""The exact element order of the legacy functions, and the check that a request keeps it. A shape is a
text of names in order: `name!` must be there, `name*` may repeat, `name(other)` has the children of
the shape `other`, `a|b` is one of two. Reference: the vendor's published grammar, and its pages per
function."""

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
    "updatebillitems": "updatelineitem(updateline)* lineitem(billline)*",
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
    "due": "dueday! duefrom!",
    "discount": "discday discfrom discamount discpercamn discgracedays",
    "penalty": "pen_type penamount penpercamn pengracedays",
    "create_vendor": """vendorid! name! parentid termname glaccountno accountlabel vendtype taxid creditlimit paymethod
    outsourcecheck outsourceach billingtype vendoraccountno displocacctnocheck onhold donotcutcheck
    comments status currency onetime externalid primary(any) returnto(any) payto(any) contactinfo(any)
    contactto1099(any) contactlist(any) name1099 form1099type form1099box customfields(any)
    paymentnotify achenabled wireenabled checkenabled displaytermdiscount visibility(any) supdocid
    mergepaymentreq offsetglaccountno""",
    "delete_vendor": "",
    "get_list": "filter(any) sorts(any) fields(any) additional_parameters(any)",
    "get": "fields(any)",
    "get_companyprefs": "",
    "recallApBill": "recordno!",
}


class Part:
    def __init__(self, word: str) -> None:
        match = re.fullmatch(r"([\w|]+)(?:\((\w+)\))?([*!]*)", word)
        assert match is not None, word
        self.names = frozenset(match[1].split("|"))
        self.shown = match[1].replace("|", ", ")
        self.shape = match[2] or ""
        self.many = "*" in match[3]
        self.required = "!" in match[3]


@cache
def parts_of(shape: str) -> tuple[Part, ...]:
    return tuple(Part(word) for word in SHAPES[shape].split())


def check(function: etree._Element) -> None:
    """Raises Refused (control level, XL03000003) when a legacy function has an element out of order or unknown."""
    name = str(function.tag)
    if name in SHAPES:
        _check(function, name)


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
        if parts[index].shape and parts[index].shape != "any":
            _check(child, parts[index].shape)
    for part, count in zip(parts, seen, strict=True):
        if part.required and not count:
            raise element_missing(str(element.tag), part.shown, line_of(element))


def _fits(child: etree._Element, part: Part, count: int) -> bool:
    return child.tag in part.names and (part.many or not count)


def required_attribute(function: etree._Element, name: str) -> str:
    value = function.get(name)
    if value is None:
        message = f"Fatal Error 1868: Element '{function.tag}': The attribute '{name}' is required but missing."
        raise parse_error(message, line_of(function))
    return value
