from __future__ import annotations

import time
import tracemalloc

from lxml import etree

from intacct_sandbox.sandbox import Options, Sandbox
from tests.intacct_sandbox.caller import BY_RECORDNO, Caller, query, where

FIELDS = (
    "RECORDNO VENDORID NAME STATUS ONHOLD TERMNAME CURRENCY TAXID VENDTYPE APACCOUNT VENDORACCOUNTNO TOTALDUE "
    "DISPLAYCONTACT.PRINTAS DISPLAYCONTACT.EMAIL1 MEGAENTITYID WHENMODIFIED"
)


class InProcess(Caller):
    """Calls the sandbox without HTTP."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def page(self, after: int, size: int = 2000, filter_: str = "") -> bytes:
        bound = where("greaterthan", "RECORDNO", str(after))
        both = f"<and>{bound}{filter_}</and>" if filter_ else bound
        rest = f"<filter>{both}</filter>{BY_RECORDNO}<pagesize>{size}</pagesize>"
        body = self.envelope(query("VENDOR", FIELDS, rest), control="<includewhitespace>false</includewhitespace>")
        answer = self.sandbox.deliver(body.encode(), "http://localhost/", "127.0.0.1").answer
        assert answer is not None
        return answer.body


def total(page: bytes) -> int:
    data = etree.fromstring(page).find("operation/result/data")
    assert data is not None, page
    return int(data.get("totalcount", ""))


def test_holds_a_million_vendors_in_little_memory() -> None:
    tracemalloc.start()
    caller = InProcess(Sandbox(Options(vendors=1_000_000)))
    first = caller.page(0)
    last = etree.fromstring(caller.page(1_000_090)).findall(".//VENDOR")
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total(first) == 1_000_000 - 34
    assert [vendor.findtext("VENDORID") for vendor in last] == [f"V{n:05}" for n in range(999_991, 1_000_001)]
    assert used < 150_000_000


def test_a_made_vendor_can_be_found_changed_and_deleted() -> None:
    sandbox = Sandbox(Options(vendors=50_000))
    caller = InProcess(sandbox)
    table = sandbox.company.table("VENDOR")
    position = table.position_of_key("V40000")
    assert position is not None
    before = sandbox.company.user_zone_stamp()
    sandbox.company.change("VENDOR", position, {"NAME": "Changed"})
    sandbox.company.remove("VENDOR", table.position_of_key("V40001") or 0)
    assert table.find_key("V40001") is None
    changed = caller.page(0, filter_=where("greaterthanorequalto", "WHENMODIFIED", before))
    assert [vendor.findtext("NAME") for vendor in etree.fromstring(changed).iter("VENDOR")] == ["Changed"]
    assert total(caller.page(0)) == 50_000 - 34 - 1


def test_keyset_pages_cover_a_lazy_table_once() -> None:
    caller = InProcess(Sandbox(Options(vendors=9_000)))
    seen: list[int] = []
    while True:
        found = [
            int(row.findtext("RECORDNO") or 0)
            for row in etree.fromstring(caller.page(seen[-1] if seen else 0)).iter("VENDOR")
        ]
        if not found:
            break
        seen += found
    assert seen == sorted(set(seen))
    assert len(seen) == 9_000 - 34


def test_serves_a_page_for_little_more_than_lxml_takes_to_read_it() -> None:
    caller = InProcess(Sandbox(Options(vendors=20_000)))
    serving, reading = [], []
    for number in range(7):
        started = time.process_time()
        page = caller.page(2_000 * number)
        middle = time.process_time()
        etree.fromstring(page)
        serving.append(middle - started)
        reading.append(time.process_time() - middle)
    assert sorted(serving)[3] < 8 * sorted(reading)[3]
