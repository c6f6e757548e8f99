"""A plain caller of the gateway: builds envelopes from text and reads answers with lxml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests
from lxml import etree

from intacct_sandbox.server import Running

VENDOR_PAGE = "<object>VENDOR</object><select><field>RECORDNO</field><field>VENDORID</field></select>"
BY_RECORDNO = "<orderby><order><field>RECORDNO</field><ascending/></order></orderby>"


@dataclass
class Reply:
    response: requests.Response

    @property
    def root(self) -> etree._Element:
        return etree.fromstring(self.response.content)

    @property
    def results(self) -> list[etree._Element]:
        return self.root.findall("operation/result")

    @property
    def statuses(self) -> list[str | None]:
        return [result.findtext("status") for result in self.results]

    @property
    def data(self) -> etree._Element:
        data = self.results[0].find("data")
        assert data is not None, self.response.text
        return data

    def records(self, *names: str) -> list[tuple[str | None, ...]]:
        return [tuple(record.findtext(name) for name in names) for record in self.data]

    def errors(self, level: str = "operation/result/errormessage") -> list[tuple[str, str]]:
        """(errorno, description2 without its support id, or description) of every error at a level."""
        found = self.root.findall(f"{level}/error")
        return [(error.findtext("errorno") or "", _text(error)) for error in found]


def _text(error: etree._Element) -> str:
    text = error.findtext("description2") or error.findtext("description") or ""
    return text.split(" [Support ID")[0]


class Caller:
    def __init__(self, running: Running) -> None:
        self.running = running

    def login(
        self, entity: str = "", user: str = "xml_user", company: str = "demo", password: str = "xml_password"
    ) -> str:
        place = f"<locationid>{entity}</locationid>" if entity else ""
        names = f"<userid>{user}</userid><companyid>{company}</companyid><password>{password}</password>"
        return f"<login>{names}{place}</login>"

    def envelope(
        self,
        *functions: str,
        entity: str = "",
        auth: str = "",
        transaction: bool = False,
        unique: bool = False,
        sender: tuple[str, str] = ("demo_sender", "sender_password"),
        control: str = "",
        controlids: tuple[str, ...] = (),
        **login: str,
    ) -> str:
        ids = controlids or tuple(f"f{number}" for number in range(1, len(functions) + 1))
        content = "".join(
            f'<function controlid="{key}">{body}</function>' for key, body in zip(ids, functions, strict=True)
        )
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><request><control><senderid>{sender[0]}</senderid>'
            f"<password>{sender[1]}</password><controlid>c1</controlid><uniqueid>{str(unique).lower()}</uniqueid>"
            f'<dtdversion>3.0</dtdversion>{control}</control><operation transaction="{str(transaction).lower()}">'
            f"<authentication>{auth or self.login(entity, **login)}</authentication><content>{content}</content>"
            "</operation></request>"
        )

    def send(self, body: str | bytes, **headers: str) -> Reply:
        data = body.encode() if isinstance(body, str) else body
        found = requests.post(
            self.running.url, data=data, headers={"Content-Type": "application/xml", **headers}, timeout=30
        )
        return Reply(found)

    def call(self, *functions: str, **options: Any) -> Reply:
        return self.send(self.envelope(*functions, **options))

    def session(self, entity: str = "", **login: str) -> str:
        found = self.call("<getAPISession/>", entity=entity, **login).root.findtext(".//sessionid")
        assert found
        return f"<sessionid>{found}</sessionid>"

    # -- the control side

    def state(self) -> dict[str, Any]:
        return requests.get(f"{self.running.base_url}/sandbox/state.json", timeout=30).json()

    def act(self, action: str, **data: Any) -> dict[str, Any]:
        answer = requests.post(f"{self.running.base_url}/sandbox/act", json={"action": action, **data}, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def break_it(self, kind: str, **data: Any) -> None:
        answer = requests.post(
            f"{self.running.base_url}/sandbox/faults", json={"faults": [{"kind": kind, **data}]}, timeout=30
        )
        assert answer.status_code == 200, answer.text

    # -- bills

    def bill(self, *, lines: str = "", line: str = "", drop: tuple[str, ...] = (), **header: str) -> str:
        """`create APBILL` that the rules accept, with changes."""
        fields = {
            "VENDORID": "V00001", "WHENCREATED": "03/10/2026", "WHENDUE": "04/09/2026", "RECORDID": "INV-1", **header,
        }  # fmt: skip
        plain = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if name not in drop)
        row = line or "<ACCOUNTNO>6100</ACCOUNTNO><TRX_AMOUNT>100</TRX_AMOUNT><LOCATIONID>100</LOCATIONID>"
        listed = lines or f"<APBILLITEM>{row}</APBILLITEM>"
        return f"<create><APBILL>{plain}<APBILLITEMS>{listed}</APBILLITEMS></APBILL></create>"

    def make_bill(self, entity: str = "", **header: Any) -> str:
        reply = self.call(self.bill(**header), entity=entity)
        found = reply.root.findtext(".//apbill/RECORDNO")
        assert found, reply.response.text
        return found

    def supdoc(
        self, key: str = "D1", name: str = "scan", data: str = "aGVsbG8=", folder: str = "Vendor Documents"
    ) -> str:
        file = f"<attachment><attachmentname>{name}</attachmentname><attachmenttype>pdf</attachmenttype>"
        return (
            f"<create_supdoc><supdocid>{key}</supdocid><supdocname>{key}</supdocname>"
            f"<supdocfoldername>{folder}</supdocfoldername><attachments>{file}<attachmentdata>{data}</attachmentdata>"
            "</attachment></attachments></create_supdoc>"
        )


def query(name: str, fields: str, rest: str = "") -> str:
    select = "".join(f"<field>{field}</field>" for field in fields.split())
    return f"<query><object>{name}</object><select>{select}</select>{rest}</query>"


def where(operator: str, field: str, *values: str) -> str:
    listed = "".join(f"<value>{value}</value>" for value in values)
    return f"<{operator}><field>{field}</field>{listed}</{operator}>"
