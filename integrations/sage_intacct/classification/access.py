"""The gateway itself, signing in, and what the user may do."""

from __future__ import annotations

from integrations.models.outbox import FailureKind
from integrations.sage_intacct.calling import caller

from . import places
from .entry import END, Entry, phrase, value

CONFIG, INTERNAL = FailureKind.CONFIG, FailureKind.INTERNAL
TEMPORARY, UNKNOWN = FailureKind.TEMPORARY, FailureKind.UNKNOWN

_BEFORE_RESULTS = ("control", "authentication")
_SIGN_IN = ("authentication",)
_BY_ITSELF = "Nothing to do: it is tried again by itself."
_TOLD = "Planergy's support team has been told; nothing has to be changed in Sage Intacct."


def _with_caller(text: str, values: dict[str, str]) -> dict[str, str]:
    return values | {"caller": caller(values.get("address", ""))}


GATEWAY: tuple[Entry, ...] = (
    Entry(
        "already_recorded",
        UNKNOWN,
        "Sage Intacct says that this request was carried out before.",
        "What it recorded is looked up before anything is sent again.",
        r"successful transaction has already been recorded(?: with the control id "
        r"(?P<control_id>\S{1,256}?)(?=\.?(?:\s|$)))?",
    ),
    Entry(
        "in_process",
        UNKNOWN,
        "Sage Intacct is still working on an earlier sending of this request.",
        "Its result is looked up before anything is sent again.",
        r"concurrent request in process",
    ),
    Entry(
        "throttled",
        TEMPORARY,
        "Sage Intacct has too many requests of this company at the moment.",
        f"{_BY_ITSELF} If it happens often, let other integrations run at other times.",
        r"rate limit exceeded",
        suffices=("GW-0010",),
    ),
    Entry(
        "off_line",
        TEMPORARY,
        "Sage Intacct is off-line for a while, which it is for its own maintenance.",
        _BY_ITSELF,
        r"temporarily off-?\s?line",
    ),
    Entry(
        "too_many_operations",
        TEMPORARY,
        "Sage Intacct found too many operations at a time.",
        _BY_ITSELF,
        r"\btoo many operations\b",
    ),
    Entry(
        "system_unavailable",
        TEMPORARY,
        "Sage Intacct is not available at the moment.",
        "It is tried again by itself.",
        r"\bsystem (?:is )?(?:temporarily|currently) unavailable\b",
        suffices=("PL04000050",),
    ),
    Entry(
        "gateway_failed",
        UNKNOWN,
        "The gateway of Sage Intacct failed.",
        "What became of the request is looked up before anything is sent again.",
        suffices=tuple(f"GW-000{number}" for number in range(1, 10)),
        levels=_BEFORE_RESULTS,
    ),
    Entry(
        "sender_or_company_refused",
        CONFIG,
        "Sage Intacct does not know this company ID, or does not accept this sender ID and its password.",
        f"Check the company ID and the sender ID on the Sage Intacct Settings page, and see in Sage Intacct under "
        f"{places.WEB_SERVICES_AUTHORIZATIONS} that the sender ID is there with the status Active.",
        suffices=("GW-0011",),
        levels=_BEFORE_RESULTS,
    ),
    Entry(
        "gateway_forbidden",
        CONFIG,
        "The gateway of Sage Intacct forbids this access.",
        f"See in Sage Intacct under {places.WEB_SERVICES_AUTHORIZATIONS} that the sender ID is there and Active.",
        suffices=("GW-0042", "GW-0012", *(f"GW-00{number}" for number in range(31, 40))),
        levels=_BEFORE_RESULTS,
    ),
    Entry(
        "request_malformed",
        INTERNAL,
        "Sage Intacct could not read the request.",
        _TOLD,
        r"XML parse (?:schema )?error",
        suffices=("XL03000003", "GW-0014", "GW-0015"),
        levels=_BEFORE_RESULTS,
    ),
    Entry(
        "sender_password_wrong",
        CONFIG,
        "Sage Intacct does not accept the sender ID with its password.",
        "Enter the sender ID and the sender password again on the Sage Intacct Settings page; capitals and small "
        "letters count. "
        f"Which sender IDs the company allows stands in Sage Intacct under {places.WEB_SERVICES_AUTHORIZATIONS}.",
        r"incorrect intacct xml partner id or password",
        levels=_BEFORE_RESULTS,
    ),
    Entry(
        "policy_unknown",
        INTERNAL,
        "Sage Intacct does not know the transport policy[ {policy}].",
        _TOLD,
        rf"{phrase('policy')} is not a valid transport policy",
        levels=_BEFORE_RESULTS,
    ),
    Entry(
        "company_expired",
        CONFIG,
        "This Sage Intacct company was a trial and has expired.",
        "Ask Sage, or whoever sold you Sage Intacct, to renew it; or enter the company ID of your live company.",
        r"this company is an? .{0,40}company and has expired",
        suffices=("PL04000055",),
        levels=_BEFORE_RESULTS,
    ),
    Entry(
        "company_inactive",
        CONFIG,
        "This Sage Intacct company is not active.",
        "Ask the administrator of your Sage Intacct company, or Sage, to make it active again.",
        r"\b(?:this|the) company(?: id)?(?: [\"']?\S{1,60}?[\"']?)? (?:is|has been) (?:inactive|not "
        r"active|suspended|deactivated|locked)\b",
        levels=_BEFORE_RESULTS,
    ),
    Entry(
        "sender_not_authorized",
        CONFIG,
        "Your Sage Intacct company does not allow the sender ID[ {sender}] yet.",
        f"In Sage Intacct open {places.WEB_SERVICES_AUTHORIZATIONS} and add the sender ID[ {{sender}}] with the "
        f"status Active.",
        rf"sender id {value('sender_1')} is not (?:authorized|authorised)|invalid web services authorization",
        levels=_BEFORE_RESULTS,
    ),
    Entry(
        "web_services_not_subscribed",
        CONFIG,
        "Your Sage Intacct company is not subscribed to Web Services.",
        f"In Sage Intacct open {places.SUBSCRIPTIONS} and subscribe to Web Services.",
        r"not (?:authorized|authorised) for xml transactions|subscribe to (?:the )?(?:xml gateway|web services)",
        levels=_BEFORE_RESULTS,
    ),
)

SIGN_IN: tuple[Entry, ...] = (
    Entry(
        "ip_address_refused",
        CONFIG,
        "Your Sage Intacct company refuses the IP address[ {address}] that Planergy calls from.",
        f"In Sage Intacct open {places.IP_FILTERS} and add {{caller}} to the list.",
        r"\bip address(?: filter\w*)?(?:[ :]+[\"']?(?P<address>[0-9a-f.:]*[0-9a-f])[\"']?)?.{0,60}"
        r"\b(?:not (?:allowed|permitted|authori[sz]ed|in)|blocked|restricted|refused|denied|filter\w*)",
        levels=_BEFORE_RESULTS,
        refine=_with_caller,
    ),
    Entry(
        "session_expired",
        TEMPORARY,
        "The session with Sage Intacct ended in the middle of the work.",
        f"{_BY_ITSELF} A new session is opened for it.",
        r"\binvalid session\b",
        levels=_SIGN_IN,
    ),
    Entry(
        "entity_refused",
        CONFIG,
        "The Sage Intacct user cannot work in the entity[ {entity}].",
        f"See in Sage Intacct under {places.ENTITIES} that the entity[ {{entity}}] is there and active, and under "
        f"{places.WEB_SERVICES_USERS} that the user is not kept from it.",
        rf"\b(?:location|entity)(?: id)? {value('entity_1')} (?:is not an? (?:valid )?entity|is (?:not "
        rf"valid|invalid|inactive)|does not exist)"
        rf"|\binvalid (?:location|entity)(?: id)?:? {value('entity_2')}{END}"
        r"|\bdo(?:es)? not have access to (?:the |this )?(?:location|entity)\b",
        levels=_SIGN_IN,
    ),
    Entry(
        "user_blocked",
        CONFIG,
        "The Sage Intacct user[ {user}] is inactive or locked.",
        f"In Sage Intacct open {places.WEB_SERVICES_USERS} and make the user[ {{user}}] active.",
        rf"\b(?:user|login)(?: id)?(?: {value('user')})? (?:is|has been) (?:inactive|not active|locked|locked "
        rf"out|disabled|deactivated)\b",
        levels=_SIGN_IN,
    ),
    Entry(
        "password_expired",
        CONFIG,
        "The password of the Sage Intacct user has expired.",
        f"Use a Web Services user, whose password does not expire ({places.WEB_SERVICES_USERS}), or enter the new "
        f"password on "
        "the Sage Intacct Settings page.",
        r"\bpassword (?:has |is )?expired\b|\bmust change (?:your|the) password\b",
        levels=_SIGN_IN,
    ),
    Entry(
        "sign_in_refused",
        CONFIG,
        "Sage Intacct does not accept the company ID, user ID and password together.",
        "Enter them again on the Sage Intacct Settings page. If they are right, see in Sage Intacct under "
        f"{places.WEB_SERVICES_USERS} that the user is active. Where {places.IP_FILTERS} is switched on, "
        "{caller} must be on its list.",
        r"\b(?:sign-?\s?in|log-?\s?in) information is incorrect",
        suffices=("XMLGW_JPP0002", "INVALIDREQUEST"),
        levels=_BEFORE_RESULTS,
        refine=_with_caller,
    ),
    Entry(
        "session_not_opened",
        CONFIG,
        "Sage Intacct opened no session for this company.",
        f"See in Sage Intacct under {places.WEB_SERVICES_USERS} that the user may work in this company and, where it "
        f"is one of several entities, under {places.ENTITIES} that it is active.",
        r"\bget api session failed\b",
    ),
    Entry(
        "login_unknown",
        CONFIG,
        "Sage Intacct does not know the user ID[ {user}].",
        f"See in Sage Intacct under {places.WEB_SERVICES_USERS} how the user ID is written, and enter it on the "
        f"Sage Intacct Settings page.",
        rf"\blogin id {value('user')} does not exist",
    ),
)
