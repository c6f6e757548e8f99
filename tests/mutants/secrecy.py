"""What must not be read by others, and how often somebody may try."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

GATEWAY = "integrations/sage_intacct/gateway.py"
MASKING = "integrations/sage_intacct/client/exchange.py"
GATEWAY_TESTS = "tests/integrations/sage_intacct/test_gateway.py"
CLIENT_TESTS = "tests/integrations/sage_intacct/client"
KEY = "return f\"intacct:session:{settings.SAGE_INTACCT_ENDPOINT}:{company_id}:{user_id}:{entity_id or ''}\"\n"

MUTANTS = [
    Mutant(
        name="session_key.without_the_company",
        file=GATEWAY,
        before=KEY,
        after=KEY.replace(":{company_id}", ""),
        tests=(GATEWAY_TESTS,),
    ),
    Mutant(
        name="session_key.without_the_user",
        file=GATEWAY,
        before=KEY,
        after=KEY.replace(":{user_id}", ""),
        tests=(GATEWAY_TESTS,),
    ),
    Mutant(
        name="session_key.without_the_entity",
        file=GATEWAY,
        before=KEY,
        after=KEY.replace(":{entity_id or ''}", ""),
        tests=(GATEWAY_TESTS,),
    ),
    Mutant(
        name="sessions.kept_in_the_clear",
        file=GATEWAY,
        before="        token = secrets.encrypt(json.dumps(session.dump()))\n",
        after="        token = json.dumps(session.dump())\n",
        tests=(GATEWAY_TESTS,),
    ),
    Mutant(
        name="sessions.outlive_new_credentials",
        file="integrations/sage_intacct/gateway.py",
        before='    RedisSessionStore(redis_client()).drop_all(stored["company_id"], stored["user_id"])\n',
        after="",
        tests=("tests/integrations/test_connections.py",),
    ),
    Mutant(
        name="throttles.the_gate_is_open",
        file=GATEWAY,
        before="if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end\n",
        after="",
        tests=(f"{GATEWAY_TESTS}::test_the_gate_lets_no_more_than_its_limit_through",),
    ),
    Mutant(
        name="throttles.sign_in_may_be_tried_for_ever",
        file="planergy/settings.py",
        before='ACCOUNT_EMAIL_SUBJECT_PREFIX = ""\n',
        after='ACCOUNT_EMAIL_SUBJECT_PREFIX = ""\nACCOUNT_RATE_LIMITS = False\n',
        tests=("tests/organization/test_sign_in_throttle.py",),
    ),
    Mutant(
        name="masking.session_ids_are_stored",
        file=MASKING,
        before='SECRET_ELEMENTS = ("password", "sessionid")\n',
        after='SECRET_ELEMENTS = ("password",)\n',
        tests=(f"{GATEWAY_TESTS}::test_every_exchange_is_written_down_without_a_secret", CLIENT_TESTS),
    ),
    Mutant(
        name="masking.passwords_are_stored",
        file=MASKING,
        before='SECRET_ELEMENTS = ("password", "sessionid")\n',
        after='SECRET_ELEMENTS = ("sessionid",)\n',
        tests=(f"{GATEWAY_TESTS}::test_every_exchange_is_written_down_without_a_secret", CLIENT_TESTS),
    ),
    Mutant(
        name="masking.session_ids_of_answers_are_stored",
        file=MASKING,
        before="(<(password|sessionid)\\b",
        after="(<(password)\\b",
        tests=(f"{GATEWAY_TESTS}::test_every_exchange_is_written_down_without_a_secret", CLIENT_TESTS),
    ),
    Mutant(
        name="masking.files_are_stored",
        file=MASKING,
        before='        element.text = _describe_file(element.text or "")\n',
        after="        pass\n",
        tests=(CLIENT_TESTS,),
    ),
    Mutant(
        name="masking.secrets_quoted_by_errors_are_stored",
        file=MASKING,
        before="            text = _pattern(secret).sub(MASK, text)\n",
        after="            pass\n",
        tests=(CLIENT_TESTS,),
    ),
    Mutant(
        name="secrets.credentials_are_kept_in_the_clear",
        file="integrations/secrets.py",
        before="    return _fernet().encrypt(text.encode()).decode()\n",
        after="    return text\n",
        tests=("tests/integrations/test_connections.py", GATEWAY_TESTS),
    ),
]
