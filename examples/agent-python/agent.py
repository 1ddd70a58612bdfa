"""An agent with two tools behind approval.

    npm start                                  # in another terminal: the local stack
    python3 examples/agent-python/agent.py     # prints the name of its run; with that name, it goes on after a crash

The calls stand for those of a model. The policy allows the restart; a person has to approve the export.
"""

import os
import sys
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../clients/python"))

import countersign  # noqa: E402

LOCAL = {
    "COUNTERSIGN_URL": "http://127.0.0.1:7071",
    "COUNTERSIGN_TOKEN_URL": "http://127.0.0.1:9400/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token",
    "COUNTERSIGN_SCOPE": "22222222-2222-4222-8222-222222222222/.default",
    "COUNTERSIGN_CLIENT_ID": "a0000000-0000-4000-8000-000000000001",
    "COUNTERSIGN_CLIENT_SECRET": "local-deploy-bot-secret",
}

CALLS = [
    {"id": "call-1", "tool": "restart_service", "arguments": {"service": "web-1"}},
    {"id": "call-2", "tool": "export_rows", "arguments": {"rows": 1200, "destination": "s3://finance-exports"}},
]

client = countersign.Countersign.from_environment(os.environ if "COUNTERSIGN_URL" in os.environ else LOCAL)
run_id = sys.argv[1] if len(sys.argv) > 1 else uuid.uuid4().hex


def key(call_id: str) -> str:
    return countersign.key_of("agent-python", run_id, call_id)


def restart_service(call_id: str, service: str) -> str:
    return client.gate(
        {"action": "service.restart", "target": service, "environment": "staging"},
        lambda action: f"restarted {action['target']}",
        reason="Picks up the new certificate",
        key=key(call_id),
    )


def waiting(request: dict) -> None:
    if request["status"] == "pending":
        groups = [" or ".join(slot["groups"]) for slot in request["approvals"]["required"]]
        print(f"waiting for {' and '.join(groups)}: request {request['id']}", flush=True)


@client.gated(
    lambda call_id, rows, destination: {
        "action": "db.export",
        "target": "prod/postgres/customers",
        "environment": "production",
        "reason": f"Quarterly churn report, to {destination}",
        "key": key(call_id),
        "on_progress": waiting,
    },
    context=("call_id",),
)
def export_rows(call_id: str, rows: int, destination: str) -> str:
    return f"exported {rows} rows to {destination}"


TOOLS = {"restart_service": restart_service, "export_rows": export_rows}


def main() -> None:
    print(f"run {run_id}", flush=True)
    for call in CALLS:
        try:
            said = TOOLS[call["tool"]](call["id"], **call["arguments"])
        except countersign.CountersignError as error:
            said = countersign.explain(error)  # what the model reads as the tool's answer
        print(f"{call['id']}: {said}", flush=True)


if __name__ == "__main__":
    main()
