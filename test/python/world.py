"""What the tests of the Python client share: the service of this run, an approver, and new actions."""

import itertools
import json
import os
import sys
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../clients/python"))
sys.dont_write_bytecode = True

import countersign  # noqa: E402

URL = os.environ["COUNTERSIGN_TEST_URL"]
_number = itertools.count()


def client(faults="", token="agent", **options):
    """A client of the service. `faults` are those of one client alone: service.ts says how they are written."""
    path = f"/f/{os.getpid()}-{next(_number)}/{faults}" if faults else ""
    return countersign.Countersign(URL + path, token, **{"patience": 30, **options})


def action(verb="tool.delete", target="thing", **params):
    """A new action in each call: a denied one refuses all on its target for a while."""
    return {
        "action": verb,
        "target": f"{target}-{os.getpid()}-{next(_number)}",
        "environment": "test",
        "params": params,
    }


def key():
    return countersign.key_of("test", str(os.getpid()), str(next(_number)))


def http(path, body=None, who="approver"):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {who}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(URL + path, data, headers)) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def decide(request, verdict, reason=None):
    seen = {name: request[name] for name in ("digest", "content") if name in request}
    body = {"verdict": verdict, **seen, **({"reason": reason} if reason else {})}
    http(f"/api/requests/{request['id']}/decisions", body)


def narrow(request, **params):
    """What is left of a request, which an approver made smaller."""
    seen = {name: request[name] for name in ("digest", "content") if name in request}
    return http(f"/api/requests/{request['id']}/narrow", {"params": params, **seen})


def approving(request):
    """For `on_progress`: approves what is pending."""
    if request["status"] == "pending":
        decide(request, "approve")


def denying(request):
    if request["status"] == "pending":
        decide(request, "deny", "Not during the audit.")


def advance(seconds):
    http(f"/control/advance?seconds={seconds}")


class Case(unittest.TestCase):
    """A test that can say how a gate ended."""

    maxDiff = None

    def ends(self, kind, code, work):
        with self.assertRaises(kind) as caught:
            work()
        self.assertEqual(caught.exception.code, code)
        return caught.exception

    def status(self, gate_key, wanted, **options):
        """The request of a key, as its agent reads it."""
        return client().ask(wanted, reason="A test", key=gate_key, **options)
