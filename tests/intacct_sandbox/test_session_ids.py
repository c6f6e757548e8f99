"""Session ids of one seed differ from run to run."""

from intacct_sandbox.server import serve


def opened_session(server):
    sandbox = server.sandbox
    company = sandbox.companies["demo"]
    return sandbox.sessions.open(company, company.users["xml_user"], "").id


def test_a_session_of_an_earlier_run_opens_nothing():
    ids = set()
    for _ in range(2):
        server = serve(port=0, seed="small")
        try:
            ids.add(opened_session(server))
        finally:
            server.stop()
    assert len(ids) == 2
