"""Faults on the way: answers lost once, a proxy's pages, a service that is busy or away."""

import threading
import unittest

from world import Case, action, advance, approving, client, countersign, key

ran = []


def run(approved):
    ran.append(approved)
    return approved["target"]


class Faults(Case):
    def setUp(self):
        ran.clear()

    def gate(self, faults, wanted=None, gate_key=None, **options):
        on = client(faults, patience=options.pop("patience", 30))
        wanted = wanted or action()
        return on.gate(wanted, run, reason="A test", key=gate_key or key(), on_progress=approving, **options)

    def test_every_answer_that_is_lost_once_changes_nothing(self):
        for kind in ("lost", "unanswered", "truncated", "garbled", "502after", "503", "504"):
            faults = "+".join(f"{kind}:{operation}" for operation in ("ask", "read", "redeem", "report"))
            wanted, one = action(), key()
            self.assertEqual(self.gate(faults, wanted, one), wanted["target"], kind)
            self.assertEqual((len(ran), self.status(one, wanted)["status"]), (1, "succeeded"), kind)
            ran.clear()

    def test_an_ask_that_claims_and_is_not_answered_may_have_claimed(self):
        wanted, one = action("tool.read"), key()
        unreachable = self.ends(
            countersign.Unreachable,
            "unreachable",
            lambda: self.gate("unanswered:ask:9", wanted, one, patience=0),
        )
        self.assertEqual((unreachable.redeemed, unreachable.request), ("perhaps", None))
        self.ends(countersign.Stopped, "already-redeemed", lambda: self.gate("", wanted, one))
        wanted = action("tool.read")
        self.assertEqual(self.gate("unanswered:ask+502after:ask+truncated:ask", wanted), wanted["target"])
        self.assertEqual(ran, [wanted])

    def test_an_answer_that_does_not_come_within_patience_runs_nothing_and_the_key_goes_on(self):
        for operation, redeemed in (("ask", "no"), ("read", "no"), ("redeem", "no")):
            wanted, one = action(), key()
            unreachable = self.ends(
                countersign.Unreachable,
                "unreachable",
                lambda: self.gate(f"lost:{operation}:9", wanted, one, patience=0),
            )
            self.assertEqual(unreachable.request is None, operation == "ask")
            self.assertEqual(ran, [])
            self.assertEqual(self.gate("", wanted, one), wanted["target"])
            ran.clear()

    def test_a_claim_that_may_have_arrived_is_said_to(self):
        for kind in ("unanswered", "500", "502after", "truncated", "garbled"):
            unreachable = self.ends(
                countersign.Unreachable, "unreachable", lambda: self.gate(f"{kind}:redeem:9", patience=0)
            )
            self.assertEqual(unreachable.redeemed, "perhaps", kind)
        self.assertEqual(ran, [])

    def test_a_claim_that_was_made_and_never_answered_is_not_run_by_the_next_process(self):
        wanted, one = action(), key()
        self.ends(
            countersign.Unreachable,
            "unreachable",
            lambda: self.gate("unanswered:redeem:9", wanted, one, patience=0),
        )
        self.ends(countersign.Stopped, "already-redeemed", lambda: self.gate("", wanted, one))
        self.assertEqual((ran, self.status(one, wanted)["status"]), ([], "redeemed"))

    def test_answers_that_nobody_explains_are_not_acted_on(self):
        for status in (301, 302, 307, 400, 403, 404, 500):
            unreachable = self.ends(
                countersign.Unreachable, "unreachable", lambda: self.gate(f"{status}:ask:9", patience=0)
            )
            self.assertIn(str(status), str(unreachable))
        self.assertEqual(ran, [])

    def test_a_claim_whose_answer_comes_too_late_is_reported_as_not_started(self):
        wanted, one = action(), key()
        request = client().approved(wanted, reason="A test", key=one, on_progress=approving)
        redemption = "6f9619ff-8b86-4d01-b42d-00c04fc964ff"
        client().redeem(request, wanted, redemption)
        self.assertEqual(client().redeem(request, wanted, redemption)["next"], "execute")
        advance(130)
        self.ends(countersign.Unreachable, "unreachable", lambda: client().redeem(request, wanted, redemption))

    def test_a_pause_between_tries_ends_with_cancel(self):
        cancel = threading.Event()
        threading.Timer(0.2, cancel.set).start()
        self.ends(countersign.Cancelled, "aborted", lambda: self.gate("503:ask:99", cancel=cancel, patience=600))

    def test_nothing_that_was_sent_is_in_an_error(self):
        for faults in ("lost:ask:9", "garbled:ask:9", "500:ask:9", "unanswered:redeem:9"):
            with self.assertRaises(countersign.CountersignError) as caught:
                self.gate(faults, action(word="very-private"), patience=0)
            told = f"{caught.exception!r} {caught.exception.__cause__!r} {countersign.explain(caught.exception)}"
            for private in ("very-private", "A test", "Bearer", "agent"):
                self.assertNotIn(private, told)


if __name__ == "__main__":
    unittest.main()
