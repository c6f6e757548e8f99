"""What is kept encrypted, and how many requests run at a time."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

GATEWAY = "integrations/sage_intacct/gateway.py"
GATEWAY_TESTS = "tests/integrations/sage_intacct/test_gateway.py"

MUTANTS = [
    Mutant(
        name="sessions.kept_in_the_clear",
        file="integrations/sage_intacct/sessions.py",
        before="        token = secrets.encrypt(json.dumps(session.dump()))\n",
        after="        token = json.dumps(session.dump())\n",
        tests=(f"{GATEWAY_TESTS}::test_sessions_are_shared_and_encrypted",),
    ),
    Mutant(
        name="throttles.the_gate_is_open",
        file=GATEWAY,
        before="if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end\n",
        after="",
        tests=(f"{GATEWAY_TESTS}::test_the_gate_lets_no_more_than_its_limit_through",),
    ),
    Mutant(
        name="secrets.credentials_are_kept_in_the_clear",
        file="organization/secrets.py",
        before="    return _fernet().encrypt(text.encode()).decode()\n",
        after="    return text\n",
        tests=(
            "tests/integrations/test_connections.py::test_credentials_are_stored_encrypted_and_wait_for_synchronizing",
        ),
    ),
]
