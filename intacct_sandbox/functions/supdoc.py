"""Attachments and their folders, and the other legacy lists."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable

from lxml import etree

from intacct_sandbox import values
from intacct_sandbox.errors import Error, Refused, already_exists, invalid, processing_error
from intacct_sandbox.functions.context import Context, whole_number
from intacct_sandbox.grammar import required_attribute
from intacct_sandbox.supdocs import Attachment, Folder, Supdoc
from intacct_sandbox.xmltext import elements, text_of

MAX_ID, MAX_NAME, MAX_DESCRIPTION = 20, 200, 1000


def _refused(error: Error) -> Refused:
    return Refused(error, Error("BL01001973", "Could not create supdoc record!"))


def _permitted(context: Context, operation: str) -> None:
    if not context.session.user.may(operation, "SUPDOC"):
        text = f"You do not have permission for API operation {operation.upper()} on objects of type supdoc"
        raise Refused(Error("PL04000005", text))


def create_supdoc(context: Context, body: etree._Element) -> str:
    _permitted(context, "create")
    cabinet = context.company.cabinet
    recordno = cabinet.next_recordno()
    identifier = text_of(body, "supdocid") or _numbered(context, recordno)
    _check_header(context, body, identifier)
    if identifier in cabinet.supdocs:
        raise _refused(already_exists("Attachment", identifier))
    supdoc = Supdoc(
        recordno,
        identifier,
        text_of(body, "supdocname", "Unnamed"),
        text_of(body, "supdocfoldername"),
        text_of(body, "supdocdescription"),
        values.date_text(context.company.today()),
        context.session.user.login,
        _attachments(body, []),
        context.controlid,
    )
    cabinet.supdocs[identifier] = supdoc
    context.company.on_rollback(lambda: cabinet.supdocs.pop(identifier, None))
    return f"<key>{recordno}</key>"


def _numbered(context: Context, recordno: str) -> str:
    if not context.company.preference("attachment_numbering"):
        raise _refused(invalid("Required field Attachment ID is missing", "Enter an attachment ID, then try again."))
    return f"Att-{recordno}"


def _check_header(context: Context, body: etree._Element, identifier: str) -> None:
    folder = text_of(body, "supdocfoldername")
    limits = (
        (identifier, MAX_ID, "Attachment ID"),
        (text_of(body, "supdocname"), MAX_NAME, "Attachment name"),
        (text_of(body, "supdocdescription"), MAX_DESCRIPTION, "Description"),
    )
    for value, limit, label in limits:
        if len(value) > limit:
            raise _refused(
                invalid(f"{label} is too long: at most {limit} characters are allowed.", errorno="BL03000018")
            )
    if not folder:
        raise _refused(invalid("Required field Attachment folder is missing", "Enter a folder, then try again."))
    if folder not in context.company.cabinet.folders:
        raise _refused(invalid(f"Attachment folder '{folder}' is not valid", "Create the folder, then try again."))


def _attachments(body: etree._Element, present: list[Attachment]) -> list[Attachment]:
    """Raises Refused for data that is not base64 and for a name that is there already."""
    found: list[Attachment] = []
    for child in body.findall("attachments/attachment"):
        name, kind = text_of(child, "attachmentname"), text_of(child, "attachmenttype")
        if not name:
            raise _refused(invalid("Required field Attachment name is missing"))
        if any(other.filename == f"{name}.{kind}".rstrip(".") for other in [*present, *found]):
            raise _refused(already_exists("Attachment file", name))
        try:
            data = base64.b64decode("".join((child.findtext("attachmentdata") or "").split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise _refused(invalid(f"Illegal format for attachment data of '{name}'", errorno="BL03000018")) from error
        found.append(Attachment(name, kind, data))
    return found


def update_supdoc(context: Context, body: etree._Element) -> str:
    """Adds files and changes header fields; a file that is there cannot be replaced."""
    _permitted(context, "update")
    supdoc = _known(context, text_of(body, "supdocid"))
    folder = text_of(body, "supdocfoldername")
    if folder and folder not in context.company.cabinet.folders:
        raise _refused(invalid(f"Attachment folder '{folder}' is not valid", "Create the folder, then try again."))
    added = _attachments(body, supdoc.attachments)
    before = (supdoc.name, supdoc.folder, supdoc.description, list(supdoc.attachments))

    def restore() -> None:
        supdoc.name, supdoc.folder, supdoc.description, supdoc.attachments = before

    context.company.on_rollback(restore)
    supdoc.name = text_of(body, "supdocname", supdoc.name)
    supdoc.folder = folder or supdoc.folder
    supdoc.description = text_of(body, "supdocdescription", supdoc.description)
    supdoc.attachments = [*supdoc.attachments, *added]
    return f"<key>{supdoc.recordno}</key>"


def _known(context: Context, identifier: str) -> Supdoc:
    supdoc = context.company.cabinet.supdocs.get(identifier)
    if supdoc is None:
        raise Refused(invalid(f"Attachment '{identifier}' is not valid", "Enter a valid attachment ID."))
    return supdoc


def delete_supdoc(context: Context, body: etree._Element) -> str:
    _permitted(context, "delete")
    cabinet = context.company.cabinet
    supdoc = _known(context, required_attribute(body, "key"))
    table = context.company.table("APBILL")
    if any(row is not None and table.value(row, "SUPDOCID") == supdoc.supdocid for row in table.head):
        raise Refused(invalid(f"Attachment '{supdoc.supdocid}' is used by a transaction and can't be deleted"))
    del cabinet.supdocs[supdoc.supdocid]
    context.company.on_rollback(lambda: cabinet.supdocs.update({supdoc.supdocid: supdoc}))
    return ""


# -- folders


def create_folder(context: Context, body: etree._Element) -> str:
    _permitted(context, "create")
    folders = context.company.cabinet.folders
    name, parent = text_of(body, "supdocfoldername"), text_of(body, "supdocparentfoldername")
    if not name or len(name) > 100:
        raise Refused(invalid("Attachment folder name is missing or longer than 100 characters", errorno="BL03000018"))
    if name in folders:
        raise Refused(
            already_exists("Attachment folder", name), Error("BL01001973", "Could not create supdocfolder record!")
        )
    if parent and parent not in folders:
        raise Refused(invalid(f"Attachment folder '{parent}' is not valid"))
    today = values.date_text(context.company.today())
    folders[name] = Folder(name, text_of(body, "supdocfolderdescription"), parent, today, context.session.user.login)
    context.company.on_rollback(lambda: folders.pop(name, None))
    return f"<key>{len(folders)}</key>"


def _folder(context: Context, name: str) -> Folder:
    folder = context.company.cabinet.folders.get(name)
    if folder is None:
        raise Refused(invalid(f"Attachment folder '{name}' is not valid"))
    return folder


def update_folder(context: Context, body: etree._Element) -> str:
    _permitted(context, "update")
    folder = _folder(context, text_of(body, "supdocfoldername"))
    folder.description = text_of(body, "supdocfolderdescription", folder.description)
    folder.parent = text_of(body, "supdocparentfoldername", folder.parent)
    return "<key>1</key>"


def delete_folder(context: Context, body: etree._Element) -> str:
    _permitted(context, "delete")
    cabinet = context.company.cabinet
    folder = _folder(context, required_attribute(body, "key"))
    if any(supdoc.folder == folder.name for supdoc in cabinet.supdocs.values()):
        raise Refused(invalid(f"Attachment folder '{folder.name}' is not empty and can't be deleted"))
    del cabinet.folders[folder.name]
    context.company.on_rollback(lambda: cabinet.folders.update({folder.name: folder}))
    return ""


# -- get and get_list


def _supdoc_pairs(supdoc: Supdoc) -> dict[str, str]:
    return {
        "recordno": supdoc.recordno,
        "supdocid": supdoc.supdocid,
        "supdocname": supdoc.name,
        "folder": supdoc.folder,
        "description": supdoc.description,
        "creationdate": supdoc.created,
        "createdby": supdoc.createdby,
    }


def _supdoc_xml(supdoc: Supdoc, wanted: set[str]) -> str:
    pairs = {name: value for name, value in _supdoc_pairs(supdoc).items() if not wanted or name in wanted}
    files = ""
    if not wanted or "attachments" in wanted:
        files = "<attachments>" + "".join(map(_attachment_xml, supdoc.attachments)) + "</attachments>"
    return f"<supdoc>{elements(pairs)}{files}</supdoc>"


def _attachment_xml(file: Attachment) -> str:
    data = base64.b64encode(file.data).decode("ascii")
    pairs = elements({"attachmentname": file.name, "attachmenttype": file.type})
    return f"<attachment>{pairs}<attachmentdata>{data}</attachmentdata></attachment>"


def _folder_pairs(folder: Folder) -> dict[str, str]:
    return {
        "name": folder.name,
        "supdocfoldername": folder.name,
        "description": folder.description,
        "parentfolder": folder.parent,
        "creationdate": folder.created,
        "createdby": folder.createdby,
        "lastmodified": folder.created,
        "lastmodifiedby": folder.createdby,
        "status": folder.status,
    }


def _plain_xml(tag: str) -> Callable[[dict[str, str], set[str]], str]:
    def shown(pairs: dict[str, str], wanted: set[str]) -> str:
        kept = {name: value for name, value in pairs.items() if not wanted or name in wanted}
        return f"<{tag}>{elements(kept)}</{tag}>"

    return shown


def _listed(context: Context, name: str) -> list[tuple[dict[str, str], Callable[[set[str]], str]]]:
    """Every entry of a legacy list as (pairs to filter by, how to write it)."""
    company = context.company
    if name == "supdoc":
        docs = company.cabinet.supdocs.values()
        return [(_supdoc_pairs(doc), lambda wanted, doc=doc: _supdoc_xml(doc, wanted)) for doc in docs]  # type: ignore[misc]
    rows: Iterable[dict[str, str]]
    if name == "supdocfolder":
        rows = map(_folder_pairs, company.cabinet.folders.values())
    elif name == "company_info":
        rows = [{"title": company.title, "name": company.id}]
    elif name == "trxcurrencies":
        table = company.table("TRXCURRENCIES")
        rows = [{"code": table.value(row, "CODE")} for row in table.head if row is not None]
    else:
        raise processing_error(f"The object {name} has no legacy list.")
    show = _plain_xml(name)
    return [(pairs, lambda wanted, pairs=pairs: show(pairs, wanted)) for pairs in rows]  # type: ignore[misc]


def get_list(context: Context, body: etree._Element) -> str:
    name = required_attribute(body, "object")
    if name == "supdoc":
        _permitted(context, "read")
    found = [entry for entry in _listed(context, name) if _fits(entry[0], body)]
    start = whole_number(body.get("start", ""), 0, 0, 1 << 40, "start")
    count = whole_number(body.get("maxitems", ""), 100, 1, 1 << 40, "maxitems")
    page = found[start : start + count]
    wanted = {(child.text or "").strip() for child in body.findall("fields/field")}
    inner = "".join(show(wanted) for _, show in page)
    last = max(start + len(page) - 1, 0)
    return f'<listtype start="{start}" end="{last}" total="{len(found)}">{name}</listtype><data>{inner}</data>'


def _fits(pairs: dict[str, str], body: etree._Element) -> bool:
    filter_ = body.find("filter")
    if filter_ is None or len(filter_) == 0:
        return True
    return _holds(pairs, filter_[0])


def _holds(pairs: dict[str, str], node: etree._Element) -> bool:
    if node.tag == "logical":
        results = [_holds(pairs, child) for child in node]
        return any(results) if node.get("logical_operator") == "or" else all(results)
    field, operator = text_of(node, "field"), text_of(node, "operator", "=")
    if field not in pairs:
        raise processing_error(f"The field {field} is not known here.")
    value, wanted = pairs[field], text_of(node, "value")
    match operator:
        case "=":
            return value == wanted
        case "!=":
            return value != wanted
        case "like":
            return wanted.strip("%") in value
        case "<" | "<=" | ">" | ">=":
            order = (value > wanted) - (value < wanted)
            return (order == 0 and "=" in operator) or order == (1 if ">" in operator else -1)
    raise processing_error(f"The operator {operator} is not known here.")


def get(context: Context, body: etree._Element) -> str:
    name, key = required_attribute(body, "object"), required_attribute(body, "key")
    identity = {"supdoc": "supdocid", "supdocfolder": "name", "trxcurrencies": "code", "company_info": "name"}.get(
        name, ""
    )
    wanted = {(child.text or "").strip() for child in body.findall("fields/field")}
    found = [show(wanted) for pairs, show in _listed(context, name) if pairs[identity] == key]
    head = f'<listtype start="0" end="0" total="{len(found)}">{name}</listtype>'
    if name == "supdocfolder" and not found:
        return head
    return f"{head}<data>{''.join(found)}</data>"


FUNCTIONS = {
    "create_supdoc": create_supdoc,
    "update_supdoc": update_supdoc,
    "delete_supdoc": delete_supdoc,
    "create_supdocfolder": create_folder,
    "update_supdocfolder": update_folder,
    "delete_supdocfolder": delete_folder,
    "get_list": get_list,
    "get": get,
}
