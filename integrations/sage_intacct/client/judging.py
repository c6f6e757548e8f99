"""The four levels at which the gateway can refuse: gateway, control, authentication, result.

Reference: https://developer.intacct.com/web-services/responses/ and /web-services/error-handling/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lxml import etree

from .answers import Result
from .errors import ApiError, AuthenticationError, ControlError, MalformedResponse, decode_entities, pick_cause
from .flattening import flatten
from .parsing import AnswerParser
from .values import parse_timestamp

# A sessiontimestamp that is this near to the HTTP Date is "now"; one further off is when the session began.
_SAME_MOMENT = timedelta(minutes=5)
_RETURN_KEYS = frozenset({"create", "update"})


@dataclass(frozen=True)
class Answer:
    """An answer whose control and authentication succeeded. `expires_in` is the session's remaining life.

    `acknowledged`: nothing but the promise of an answer, which comes later and elsewhere.
    """

    results: list[Result]
    location_id: str
    gateway_time: datetime | None
    expires_in: timedelta | None
    acknowledged: bool = False
    company_id: str = ""


def judge(root: etree._Element, parser: AnswerParser, date: datetime | None) -> Answer:
    """Raises ControlError, AuthenticationError or MalformedResponse; refused functions are in the results."""
    response = root.find("response")
    if response is None:
        raise MalformedResponse("The answer is XML, but not an answer of the gateway.")
    _judge_control(response)
    operation = response.find("operation")
    if operation is None:
        _refuse(ControlError, response)
        if response.findtext("acknowledgement/status") == "success":
            return Answer([], "", date, None, acknowledged=True)
        raise MalformedResponse("The answer holds no operation.")
    authentication = _judge_authentication(operation)
    gateway_time = _gateway_time(_moment(authentication, "sessiontimestamp"), date)
    results = [_read_result(found, parser, gateway_time) for found in operation.findall("result")]
    if not results:
        _refuse(ControlError, operation)
    ends = _moment(authentication, "sessiontimeout")
    return Answer(
        results=_with_causes(results),
        location_id=_text(authentication, "locationid"),
        gateway_time=gateway_time,
        expires_in=ends - gateway_time if ends and gateway_time else None,
        company_id=_text(authentication, "companyid"),
    )


def results_of(body: bytes) -> list[Result]:
    """The results in an answer that was delivered to a transport policy's address, in the order they stand in.

    Raises ControlError, AuthenticationError or MalformedResponse.
    """
    parser = AnswerParser()
    parser.feed(body)
    return judge(parser.close(), parser, None).results


def _judge_control(response: etree._Element) -> None:
    control = response.find("control")
    if control is None:
        _refuse(ControlError, response)
        raise MalformedResponse("The answer holds no control block.")
    if _text(control, "status") != "success":
        raise ControlError(_errors(response))


def _judge_authentication(operation: etree._Element) -> etree._Element:
    authentication = operation.find("authentication")
    if authentication is None:
        _refuse(AuthenticationError, operation)
        raise MalformedResponse("The answer holds no authentication block.")
    if _text(authentication, "status") != "success":
        raise AuthenticationError(_errors(operation))
    return authentication


def _refuse(kind: type[ControlError] | type[AuthenticationError], parent: etree._Element) -> None:
    if errors := _errors(parent):
        raise kind(errors)


def _read_result(found: etree._Element, parser: AnswerParser, gateway_time: datetime | None) -> Result:
    status, function, control_id = (_text(found, name) for name in ("status", "function", "controlid"))
    if not status:
        raise MalformedResponse("A result does not say whether it succeeded.")
    if not function or not control_id:
        # Never a refusal: whatever was written may stand there.
        raise MalformedResponse("A result does not say which function it is of.")
    data = found.find("data")
    streamed = parser.records(data) if data is not None else None
    records = streamed if streamed is not None else _records(data)
    errors = _errors(found)
    total, remaining, offset = _counts(found, data)
    return Result(
        status=status,
        function=function,
        control_id=control_id,
        key=_text(found, "key") or _record_no(function, records),
        record_url=records[0].get("RECORD_URL") or None if records else None,
        records=records,
        errors=errors,
        cause=pick_cause(errors) or (errors[0] if errors else None),
        data=data if streamed is None else None,
        has_data=data is not None,
        total_count=total,
        num_remaining=remaining,
        offset=offset,
        result_id=data.get("resultId") or "" if data is not None else "",
        gateway_time=gateway_time,
    )


def _with_causes(results: list[Result]) -> list[Result]:
    """A function that was only rolled back shows why its sibling failed."""
    causes = (pick_cause(result.errors) for result in results if not result.ok)
    cause = next((found for found in causes if found is not None), None)
    return [
        replace(result, cause=cause)
        if cause is not None and not result.ok and pick_cause(result.errors) is None and result.errors
        else result
        for result in results
    ]


def _records(data: etree._Element | None) -> list[dict[str, str]]:
    return [] if data is None else [flatten(record) for record in data]


def _record_no(function: str, records: list[dict[str, str]]) -> str | None:
    return records[0].get("RECORDNO") or None if records and function in _RETURN_KEYS else None


def _counts(found: etree._Element, data: etree._Element | None) -> tuple[int | None, int | None, int]:
    legacy = found.find("listtype")
    if legacy is not None:
        total, end = _number(legacy, "total"), _number(legacy, "end")
        remaining = max(0, total - end - 1) if total is not None and end is not None else None
        return total, remaining, _number(legacy, "start") or 0
    if data is None:
        return None, None, 0
    return _number(data, "totalcount"), _number(data, "numremaining"), _number(data, "offset") or 0


def _number(element: etree._Element, attribute: str) -> int | None:
    text = element.get(attribute)
    if text is None or not text.strip():
        return None
    try:
        return int(text)
    except ValueError as error:
        raise MalformedResponse(f"The answer's {attribute} is not a number.") from error


def _errors(parent: etree._Element) -> tuple[ApiError, ...]:
    return tuple(_error(found) for block in parent.findall("errormessage") for found in block.findall("error"))


def _error(found: etree._Element) -> ApiError:
    additional = found.find("additionalinfo")
    return ApiError(
        errorno=_plain(found, "errorno"),
        description=_plain(found, "description"),
        description2=_plain(found, "description2"),
        correction=_plain(found, "correction"),
        additional=_additional(additional) if additional is not None else None,
    )


def _additional(found: etree._Element) -> dict[str, str]:
    target = found.find("target")
    values = flatten(found)
    if target is not None:
        values.update({"target." + str(name): str(value) for name, value in target.attrib.items()})
    return values


def _plain(parent: etree._Element, tag: str) -> str:
    """Text as it stands; ApiError decodes it."""
    return parent.findtext(tag) or ""


def _text(parent: etree._Element, tag: str) -> str:
    return decode_entities(parent.findtext(tag) or "").strip()


def _moment(parent: etree._Element, tag: str) -> datetime | None:
    try:
        return parse_timestamp(_text(parent, tag))
    except ValueError as error:
        raise MalformedResponse(f"The answer's {tag} is not a time.") from error


def _gateway_time(stamp: datetime | None, date: datetime | None) -> datetime | None:
    if stamp is None or date is None:
        return stamp or date
    return min(stamp, date) if abs(stamp - date) <= _SAME_MOMENT else date


def match_results(results: Iterable[Result], control_ids: tuple[str, ...], *, transaction: bool) -> list[Result]:
    """The results in the order of the functions. Raises MalformedResponse if one of them is missing or doubled:
    what became of that function nobody can say then."""
    found = list(results)
    in_order = zip(found, control_ids, strict=False)
    if len(found) == len(control_ids) and all(result.control_id == name for result, name in in_order):
        return found
    by_id = {result.control_id: result for result in found}
    failed = next((result for result in found if not result.ok), None)
    if len(by_id) != len(found) or not by_id.keys() <= set(control_ids):
        raise MalformedResponse("The answer's results do not belong to the functions that were sent.")
    if transaction and failed is not None:
        # Everything was rolled back, whether or not the gateway lists what it did not reach.
        return [by_id.get(name) or replace(failed, status="aborted", control_id=name) for name in control_ids]
    if len(found) != len(control_ids):
        raise MalformedResponse(f"{len(control_ids)} functions were sent, {len(found)} results came back.")
    return [by_id[name] for name in control_ids]
