"""An agent that is killed (SIGKILL) at each point of a gate and started again with the same key."""

import os
import signal
import sys
import tempfile
import threading
import unittest

from world import Case, action, approving, client, countersign, key


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class Dying(countersign._Server):
    """Kills this process before or after its first call of an operation."""

    at = ""

    def exchange(self, method, path, *args, **kwargs):
        operation = path.split("/")[-1] if method == "POST" else "read"
        if self.at == f"before {operation}":
            die()
        reply = super().exchange(method, path, *args, **kwargs)
        if self.at == f"after {operation}":
            die()
        return reply


def agent(at, wanted, gate_key, file):
    """One life of an agent whose action is a line in a file. Returns how it ended: a code, `done` or `killed`."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = life(at, wanted, gate_key, file)
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    return "killed" if os.WIFSIGNALED(status) else ENDS[os.WEXITSTATUS(status)]


ENDS = {0: "done", 1: "failed", 2: "already-redeemed"}


def life(at, wanted, gate_key, file):
    on = client()
    on._server.__class__ = Dying
    on._server.at = at

    def run(approved):
        if at == "before run":
            die()
        with open(file, "a") as opened:
            opened.write("done\n")
        if at == "in run":
            die()

    try:
        on.gate(wanted, run, reason="A test", key=gate_key, on_progress=soon)
    except countersign.Stopped as stopped:
        return 2 if stopped.code == "already-redeemed" else 1
    return 0


def soon(request):
    """Approves while the agent waits."""
    threading.Timer(0.05, approving, [request]).start()


@unittest.skipUnless(hasattr(os, "fork"), "needs fork")
class Crash(Case):
    def lives(self, at, verb="tool.delete"):
        wanted, one = action(verb), key()
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "effects")
            first, second = agent(at, wanted, one, file), agent("", wanted, one, file)
            with open(file, "a+") as opened:
                opened.seek(0)
                effects = len(opened.readlines())
        return first, second, effects, self.status(one, wanted)["status"]

    def test_before_the_claim_arrives_the_next_process_goes_on(self):
        points = ("before requests", "after requests", "before read", "after read", "before redeem")
        for at in points:
            self.assertEqual(self.lives(at), ("killed", "done", 1, "succeeded"), at)

    def test_after_the_claim_nothing_is_run_again(self):
        for at, effects in (("after redeem", 0), ("before run", 0), ("in run", 1), ("before outcome", 1)):
            self.assertEqual(self.lives(at), ("killed", "already-redeemed", effects, "redeemed"), at)

    def test_after_the_report_all_is_known(self):
        self.assertEqual(self.lives("after outcome"), ("killed", "already-redeemed", 1, "succeeded"))

    def test_what_policy_allows_is_claimed_with_the_ask(self):
        for at, effects in (("after requests", 0), ("before run", 0), ("in run", 1), ("before outcome", 1)):
            self.assertEqual(self.lives(at, "tool.read"), ("killed", "already-redeemed", effects, "redeemed"), at)
        self.assertEqual(self.lives("before requests", "tool.read"), ("killed", "done", 1, "succeeded"))
        self.assertEqual(self.lives("after outcome", "tool.read"), ("killed", "already-redeemed", 1, "succeeded"))

    def test_an_agent_that_is_not_killed(self):
        self.assertEqual(self.lives(""), ("done", "already-redeemed", 1, "succeeded"))

    def test_two_processes_with_one_key_have_one_effect(self):
        wanted, one = action(), key()
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "effects")
            children = []
            for _ in range(3):
                child = os.fork()
                if child == 0:
                    code = 1
                    try:
                        code = life("", wanted, one, file)
                    finally:
                        os._exit(code)
                children.append(child)
            ends = sorted(ENDS[os.WEXITSTATUS(os.waitpid(child, 0)[1])] for child in children)
            with open(file) as opened:
                self.assertEqual(len(opened.readlines()), 1)
        self.assertEqual(ends, ["already-redeemed", "already-redeemed", "done"])


if __name__ == "__main__":
    sys.stdout.flush()
    unittest.main()
