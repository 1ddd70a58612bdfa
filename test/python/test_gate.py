"""The contract of `gate`: who decides, what runs, what is reported, and what every failure looks like."""

import pickle
import threading
import unittest

from world import Case, action, advance, approving, client, countersign, decide, denying, http, key, narrow

ran = []


def run(approved):
    ran.append(approved)
    return approved["target"]


class Gate(Case):
    def setUp(self):
        ran.clear()

    def gate(self, wanted, gate_key=None, on=None, work=run, **options):
        on = on or client()
        return on.gate(wanted, work, reason="A test", key=gate_key or key(), **options)

    def test_what_people_approve_runs_once_and_is_reported(self):
        wanted, one = action(rows=3), key()
        self.assertEqual(self.gate(wanted, one, on_progress=approving), wanted["target"])
        self.assertEqual(ran, [wanted])
        self.assertEqual(self.status(one, wanted)["status"], "succeeded")

    def test_what_the_policy_allows_waits_for_nobody(self):
        wanted, one = action("tool.read"), key()
        self.assertEqual(self.gate(wanted, one), wanted["target"])
        self.assertEqual(self.status(one, wanted)["status"], "succeeded")

    def test_what_the_policy_allows_costs_one_call_and_the_report(self):
        calls, on = [], client()
        exchange = on._server.exchange
        on._server.exchange = lambda method, path, *args, **more: calls.append(path) or exchange(
            method, path, *args, **more
        )
        self.gate(action("tool.read"), on=on)
        self.assertEqual([path.split("/")[-1] for path in calls], ["requests", "outcome"])

    def test_a_fault_of_the_caller_after_the_claim_is_reported(self):
        wanted, one = action("tool.read"), key()

        def broken(request):
            raise RuntimeError

        with self.assertRaises(RuntimeError):
            self.gate(wanted, one, on_progress=broken)
        outcome = self.status(one, wanted)["outcome"]
        self.assertEqual((ran, outcome["result"], outcome["summary"][:7]), ([], "failed", "aborted"))

    def test_a_tool_that_may_run_twice_goes_on_with_the_redemption_that_it_kept(self):
        wanted, one, kept = action(), key(), "6F9619FF-8B86-4D01-B42D-00C04FC964FF"
        request = client().approved(wanted, reason="A test", key=one, on_progress=approving)
        client().redeem(request, wanted, kept)
        other = "6f9619ff-8b86-4d01-b42d-00c04fc964fe"
        self.ends(countersign.Stopped, "already-redeemed", lambda: self.gate(wanted, one, redemption=other))
        self.assertEqual(self.gate(wanted, one, redemption=kept), wanted["target"])
        self.ends(countersign.Stopped, "already-redeemed", lambda: self.gate(wanted, one, redemption=kept))
        with self.assertRaises(ValueError):
            self.gate(wanted, one, redemption="not a uuid")
        self.assertEqual(len(ran), 1)

    def test_under_a_standing_approval_nobody_is_asked(self):
        wanted = action(rows=3)
        scope = {"for": 3600, "uses": 2, "vary": {"params": {"rows": 5}}}
        standing = client().standing(wanted, scope, reason="A test", key=key(), on_progress=approving)
        self.assertEqual((standing["status"], standing["next"], standing["standing"]["uses"]), ("approved", "use", 2))
        self.assertIn(standing["id"], [one["id"] for one in client().mine(standing="open")["requests"]])
        within, outside = {**wanted, "params": {"rows": 5}}, {**wanted, "params": {"rows": 6}}
        self.assertEqual(self.gate(within, under=standing["id"]), wanted["target"])
        self.assertEqual(ran, [within])
        self.ends(countersign.Refused, "not-covered", lambda: self.gate(outside, under=standing["id"]))
        approved = client().approved(wanted, reason="A test", key=key(), under=standing["id"])
        self.assertEqual((approved["status"], approved["under"]), ("approved", standing["id"]))
        self.ends(countersign.Refused, "standing-over", lambda: self.gate(within, under=standing["id"]))
        self.assertEqual(len(ran), 1)
        self.assertNotIn(standing["id"], [one["id"] for one in client().mine(standing="open")["requests"]])

    def test_a_scope_with_an_unknown_member_is_refused_before_anybody_is_asked(self):
        def asks(scope):
            return lambda: client().standing(action(rows=3), scope, reason="A test", key=key())

        error = self.ends(countersign.Refused, "invalid-input", asks({"for": 60, "uses": 1, "varies": {}}))
        self.assertEqual(error.pointer, "/standing/varies")
        self.ends(countersign.Refused, "invalid-input", asks(None))

    def test_an_agent_finds_what_it_left_behind(self):
        wanted, one = action(), key()
        left = client().ask(wanted, reason="A test", key=one)
        found, cursor = [], None
        while True:
            page = client().mine(status="pending", limit=1, cursor=cursor)
            found += [request["id"] for request in page["requests"]]
            cursor = page.get("cursor")
            if cursor is None:
                break
        self.assertIn(left["id"], found)
        client().cancel(left["id"], "Not needed.")

    def test_what_approvers_made_smaller_is_not_run_as_it_was_asked_for(self):
        wanted, one, left = action(rows=5000, tables=["accounts", "orders"]), key(), []

        def less(request):
            if not left:
                left.append(narrow(request, rows=500, tables=["orders"]))
                decide(left[0], "approve")

        refused = self.ends(countersign.Refused, "digest-mismatch", lambda: self.gate(wanted, one, on_progress=less))
        self.assertIn('rows to 500, tables to ["orders"]', countersign.explain(refused))
        self.assertEqual(refused.request, left[0]["id"])
        now = client().read(left[0]["id"])
        self.assertEqual((ran, now["status"], now["params"]["rows"]), ([], "approved", 500))
        # The same key again finds the same request, of which still nothing runs.
        self.ends(countersign.Refused, "digest-mismatch", lambda: self.gate(wanted, one))
        # A host that reads what is left, and runs that, redeems it.
        taken = {name: now[name] for name in ("action", "target", "environment", "params")}
        self.assertEqual(client().execute(now, taken, run), taken["target"])
        self.assertEqual((ran, client().read(now["id"])["status"]), ([taken], "succeeded"))

    def test_the_same_key_runs_nothing_again(self):
        wanted, one = action("tool.read"), key()
        self.gate(wanted, one)
        stopped = self.ends(countersign.Stopped, "already-redeemed", lambda: self.gate(wanted, one))
        self.assertEqual((len(ran), stopped.request["status"], stopped.may_ask_again), (1, "succeeded", False))
        self.assertIn("Not executed again", countersign.explain(stopped))

    def test_a_denial_is_final_and_its_reason_is_for_the_model_alone(self):
        wanted, one = action(), key()
        stopped = self.ends(countersign.Stopped, "denied", lambda: self.gate(wanted, one, on_progress=denying))
        self.assertFalse(stopped.may_ask_again)
        self.assertNotIn("audit", str(stopped) + repr(stopped))
        self.assertTrue(countersign.explain(stopped).startswith("Not executed (denied): "))
        self.assertTrue(countersign.explain(stopped).endswith("Not during the audit."))
        self.ends(countersign.Refused, "cooling-down", lambda: self.gate(wanted))
        self.assertEqual(ran, [])

    def test_each_stop_of_the_policy_has_its_code(self):
        for verb, code in (("tool.drop", "forbidden-by-policy"), ("tool.unknown", "no-policy")):
            stopped = self.ends(countersign.Stopped, code, lambda verb=verb: self.gate(action(verb)))
            if code == "forbidden-by-policy":
                self.assertIn("rule drops", countersign.explain(stopped))
        self.assertEqual(ran, [])

    def test_a_deadline_that_passes_may_be_asked_again(self):
        for late, code in ((lambda request: advance(3700), "expired"), (self.cancelling, "cancelled")):
            stopped = self.ends(countersign.Stopped, code, lambda late=late: self.gate(action(), on_progress=late))
            self.assertTrue(stopped.may_ask_again)
        self.assertEqual(ran, [])

    def cancelling(self, request):
        if request["status"] == "pending":
            client().cancel(request["id"])

    def test_an_approval_that_is_taken_back_or_lapses_runs_nothing(self):
        def revoke(request):
            http(f"/api/requests/{request['id']}/revoke", {})

        for end, code in ((revoke, "revoked"), (lambda request: advance(3700), "lapsed")):
            wanted = action()
            request = client().approved(wanted, reason="A test", key=key(), on_progress=approving)
            end(request)
            self.ends(countersign.Stopped, code, lambda: client().execute(request, wanted, run))
        self.assertEqual(ran, [])

    def test_a_grant_that_has_ended_is_replaced(self):
        wanted = action()
        request = client().approved(wanted, reason="A test", key=key(), on_progress=approving)
        advance(400)
        self.assertEqual(client().execute(request, wanted, run), wanted["target"])

    def test_a_request_of_which_no_approver_can_be_told_is_withdrawn(self):
        wanted, one = action(target="unreached"), key()
        self.ends(countersign.Stopped, "cancelled", lambda: self.gate(wanted, one))
        self.assertEqual(self.status(one, wanted)["status"], "cancelled")

    def test_problems_of_the_service_arrive_with_code_status_and_pointer(self):
        refused = self.ends(countersign.Refused, "invalid-input", lambda: self.gate({**action(), "target": " x"}))
        self.assertEqual((refused.status, refused.pointer), (400, "/target"))
        secret = action(token="ghp_0123456789abcdefghijklmnopqrstuvwxyzAB")
        refused = self.ends(countersign.Refused, "secret-in-params", lambda: self.gate(secret))
        self.assertEqual((refused.status, refused.pointer), (422, "/params/token"))
        self.assertNotIn("ghp_", str(refused))
        self.ends(countersign.Refused, "too-large", lambda: self.gate(action(text="x" * 20_000)))
        self.ends(countersign.Refused, "too-large", lambda: self.gate(action(text="x" * 200_000)))
        self.ends(countersign.Refused, "unauthenticated", lambda: self.gate(action(), on=client(token="nobody")))
        self.ends(countersign.Refused, "not-permitted", lambda: self.gate(action(), on=client(token="approver")))
        self.ends(countersign.Refused, "not-found", lambda: client().read("01kaqz3v8m0000000000000000-07"))

    def test_the_same_key_with_another_body_is_refused(self):
        one = key()
        wanted = action("tool.read")
        self.gate(wanted, one)
        refused = self.ends(countersign.Refused, "idempotency-mismatch", lambda: self.gate(action("tool.read"), one))
        self.assertEqual(refused.request, self.status(one, wanted)["id"])

    def test_an_action_that_is_pending_already_is_joined_only_on_demand(self):
        wanted, first = action(), key()
        pending = client().ask(wanted, reason="A test", key=first)
        refused = self.ends(countersign.Refused, "already-pending", lambda: self.gate(wanted))
        self.assertEqual(refused.request, pending["id"])
        self.gate(wanted, join=True, on_progress=approving)
        self.assertEqual((len(ran), self.status(first, wanted)["status"]), (1, "succeeded"))

    def test_a_joined_request_is_left_when_this_call_gives_up(self):
        wanted, first, cancel = action(), key(), threading.Event()
        client().ask(wanted, reason="A test", key=first)
        self.ends(
            countersign.Cancelled,
            "aborted",
            lambda: self.gate(wanted, join=True, cancel=cancel, on_progress=lambda _: cancel.set()),
        )
        self.assertEqual(self.status(first, wanted)["status"], "pending")

    def test_params_that_the_caller_changes_while_people_decide_are_not_executed(self):
        wanted = action(rows=3, nested={"list": [1]})

        def change(request):
            wanted["params"]["nested"]["list"].append(2)
            wanted["target"] = "another"
            approving(request)

        self.gate(wanted, on_progress=change)
        self.assertEqual(ran[0]["params"], {"rows": 3, "nested": {"list": [1]}})

    def test_what_run_changes_is_its_own_copy(self):
        one, wanted = key(), action("tool.read", list=[1])
        self.gate(wanted, one, work=lambda approved: approved["params"]["list"].append(2))
        self.assertEqual(wanted["params"], {"list": [1]})

    def test_what_run_raises_is_reported_by_its_type_and_raised(self):
        wanted, one = action("tool.read"), key()

        def fail(approved):
            raise RuntimeError("password=hunter2")

        with self.assertRaisesRegex(RuntimeError, "hunter2"):
            self.gate(wanted, one, work=fail)
        request = self.status(one, wanted)
        self.assertEqual((request["status"], request["outcome"]["summary"]), ("failed", "RuntimeError"))

    def test_an_interrupt_inside_run_is_reported_too(self):
        for error in (KeyboardInterrupt, SystemExit, GeneratorExit):
            wanted, one = action("tool.read"), key()

            def interrupted(approved, error=error):
                raise error

            with self.assertRaises(error):
                self.gate(wanted, one, work=interrupted)
            self.assertEqual(self.status(one, wanted)["outcome"]["summary"], error.__name__)

    def test_an_outcome_is_made_of_the_result(self):
        wanted, one = action("tool.read"), key()
        made = {
            "result": "failed",
            "summary": "exit\x00code\u20281" + "!" * 600,
            "output": {"sha256": "0" * 64, "size": 3},
        }
        self.gate(wanted, one, outcome=lambda result: made)
        outcome = self.status(one, wanted)["outcome"]
        self.assertEqual((outcome["result"], outcome["output"]), ("failed", made["output"]))
        self.assertEqual(outcome["summary"][:12], "exit code 1!")

    def test_a_summary_with_a_secret_is_left_out(self):
        wanted, one = action("tool.read"), key()
        secret = {"summary": "ghp_0123456789abcdefghijklmnopqrstuvwxyzAB"}
        self.assertEqual(self.gate(wanted, one, outcome=lambda result: secret), wanted["target"])
        self.assertEqual(self.status(one, wanted)["outcome"], {"result": "succeeded"})

    def test_an_action_that_took_place_does_not_fail_because_it_cannot_be_reported(self):
        told = []
        wanted = action("tool.read")
        on = client("500:report:9", patience=0)
        found = self.gate(wanted, on=on, on_unreported=lambda error, request: told.append((error.code, request["id"])))
        self.assertEqual((found, len(told), told[0][0]), (wanted["target"], 1, "unreachable"))

        def broken(error, request):
            raise ValueError

        with self.assertLogs("countersign", "WARNING") as logged:
            self.gate(action("tool.read"), on=client("500:report:9", patience=0), on_unreported=broken)
        self.assertEqual(len(logged.output), 2)

    def test_an_outcome_that_fails_is_no_failure_of_the_action_and_nothing_is_guessed(self):
        wanted, one = action("tool.read"), key()
        with self.assertLogs("countersign", "WARNING"):
            self.assertEqual(self.gate(wanted, one, outcome=lambda result: result["no"]), wanted["target"])
        self.assertEqual(self.status(one, wanted)["status"], "redeemed")

    def test_cancel_withdraws_and_leave_does_not(self):
        for on_abort, status in (("cancel", "cancelled"), ("leave", "pending")):
            wanted, one, cancel = action(), key(), threading.Event()
            threading.Timer(0.3, cancel.set).start()
            self.ends(
                countersign.Cancelled,
                "aborted",
                lambda: self.gate(wanted, one, cancel=cancel, on_abort=on_abort),
            )
            self.assertEqual(self.status(one, wanted)["status"], status)
        self.gate(wanted, one, on_progress=approving)
        self.assertEqual(len(ran), 1)

    def test_a_cancel_after_the_claim_runs_nothing_and_is_reported(self):
        for verb, last in (("tool.delete", "redeem"), ("tool.read", "requests")):
            wanted, one, on, cancel = action(verb), key(), client(), threading.Event()
            exchange = on._server.exchange

            def cancelled(method, path, *args, **more):
                reply = exchange(method, path, *args, **more)
                if path.split("/")[-1] == last:
                    cancel.set()
                return reply

            on._server.exchange = cancelled
            self.ends(
                countersign.Cancelled,
                "aborted",
                lambda: self.gate(wanted, one, on=on, cancel=cancel, on_abort="leave", on_progress=approving),
            )
            outcome = self.status(one, wanted)["outcome"]
            self.assertEqual(outcome, {"result": "failed", "summary": "aborted before it was started"})
        self.assertEqual(ran, [])

    def test_a_cancel_before_the_ask_asks_nothing(self):
        cancel = threading.Event()
        cancel.set()
        cancelled = self.ends(countersign.Cancelled, "aborted", lambda: self.gate(action(), cancel=cancel))
        self.assertIsNone(cancelled.request)

    def test_an_interrupt_while_people_decide_withdraws(self):
        wanted, one = action(), key()

        def interrupt(request):
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            self.gate(wanted, one, on_progress=interrupt)
        self.assertEqual(self.status(one, wanted)["status"], "cancelled")

    def test_an_interrupt_while_the_answer_to_the_ask_is_awaited_leaves_nothing_open(self):
        for verb, status in (("tool.delete", "cancelled"), ("tool.read", "failed")):
            wanted, one, on = action(verb), key(), client()
            exchange = on._server.exchange

            def interrupted(*args, **more):
                on._server.exchange = exchange
                exchange(*args, **more)
                raise KeyboardInterrupt

            on._server.exchange = interrupted
            with self.assertRaises(KeyboardInterrupt):
                self.gate(wanted, one, on=on)
            self.assertEqual((ran, self.status(one, wanted)["status"]), ([], status))

    def test_an_interrupt_while_the_claim_is_under_way_leaves_nothing_open(self):
        wanted, one, on = action(), key(), client()
        exchange = on._server.exchange

        def interrupted(method, path, *args, **more):
            reply = exchange(method, path, *args, **more)
            if path.endswith("/redeem"):
                raise KeyboardInterrupt
            return reply

        on._server.exchange = interrupted
        with self.assertRaises(KeyboardInterrupt):
            self.gate(wanted, one, on=on, on_progress=approving)
        outcome = self.status(one, wanted)["outcome"]
        self.assertEqual((ran, outcome["result"]), ([], "failed"))

    def test_a_claim_of_another_process_is_not_reported_by_one_that_gives_up(self):
        wanted, one, on = action(), key(), client()

        def claimed(request):
            if request["status"] == "pending":
                approving(request)
                client().redeem(client().read(request["id"]), wanted)
                raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            self.gate(wanted, one, on=on, on_progress=claimed)
        self.assertEqual(self.status(one, wanted)["status"], "redeemed")

    def test_what_gives_the_token_may_fail_in_any_way(self):
        wanted, one, left = action("tool.read"), key(), [1]

        def token(refused):
            if not left:
                raise RuntimeError("very-private")
            left.pop()
            return "agent"

        on = client()
        on._token = token
        with self.assertLogs("countersign", "WARNING") as logged:
            self.assertEqual(self.gate(wanted, one, on=on), wanted["target"])
        self.assertNotIn("very-private", "".join(logged.output))
        with self.assertRaises(RuntimeError):
            self.gate(wanted, one, on=on)

    def test_two_gates_with_one_key_have_one_effect(self):
        wanted, one = action(), key()
        ends = []

        def work():
            try:
                ends.append(self.gate(wanted, one))
            except countersign.Stopped as stopped:
                ends.append(stopped.code)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        decide(self.status(one, wanted), "approve")
        for thread in threads:
            thread.join()
        self.assertEqual((len(ran), sorted(ends)), (1, sorted([wanted["target"], *["already-redeemed"] * 3])))

    def test_on_used_looks_at_the_world_after_a_crash(self):
        wanted, one = action("tool.read"), key()
        request = client().approved(wanted, reason="A test", key=one)
        client().redeem(request, wanted)
        self.ends(countersign.Stopped, "already-redeemed", lambda: self.gate(wanted, one))
        self.ends(countersign.Stopped, "already-redeemed", lambda: self.gate(wanted, one, on_used=lambda request: None))
        self.assertEqual(self.status(one, wanted)["status"], "redeemed")
        found = {"result": "succeeded", "summary": "It is there.", "value": 42}
        self.assertEqual(self.gate(wanted, one, on_used=lambda request: found), 42)
        self.assertEqual(self.status(one, wanted)["outcome"], {"result": "succeeded", "summary": "It is there."})
        self.ends(
            countersign.Stopped, "already-redeemed", lambda: self.gate(wanted, one, on_used=lambda request: found)
        )
        self.assertEqual(ran, [])

    def test_functions_that_would_run_after_the_gate_are_refused(self):
        def generator(approved):
            yield 1

        async def coroutine(approved):
            return 1

        async def asynchronous(approved):
            yield 1

        for work in (generator, coroutine, asynchronous):
            with self.assertRaises(TypeError):
                self.gate(action("tool.read"), work=work)
        wanted, one = action("tool.read"), key()
        with self.assertRaises(TypeError):
            self.gate(wanted, one, work=lambda approved: generator(approved))
        self.assertEqual(self.status(one, wanted)["status"], "failed")

    def test_a_gate_inside_of_a_gate_is_one_of_its_own(self):
        outer, inner = action(), action()
        self.gate(outer, work=lambda _: self.gate(inner, on_progress=approving), on_progress=approving)
        self.assertEqual(ran, [inner])

    def test_unknown_options_and_actions_are_refused(self):
        with self.assertRaises(TypeError):
            self.gate(action("tool.read"), unknown=1)
        with self.assertRaises(ValueError):
            self.gate(action("tool.read"), on_abort="ignore")
        with self.assertRaises(TypeError):
            client().gate(action("tool.read"), run, reason="A test")
        for wrong in ({**action("tool.read"), "environnment": "x"}, {"action": "tool.read"}, "tool.read"):
            self.ends(countersign.Refused, "invalid-input", lambda wrong=wrong: self.gate(wrong))
        self.ends(countersign.Refused, "invalid-input", lambda: self.gate(action("tool.read"), "a key"))
        self.assertEqual(ran, [])

    def test_errors_survive_a_pickle(self):
        stopped = self.ends(countersign.Stopped, "no-policy", lambda: self.gate(action("tool.unknown")))
        again = pickle.loads(pickle.dumps(stopped))
        self.assertEqual((again.code, str(again), again.request), (stopped.code, str(stopped), stopped.request))


class Decorated(Case):
    def test_the_arguments_are_the_params(self):
        on, got, same = client(), [], action()["target"]

        def describe(table, cascade, call_id, **more):
            return {
                "action": "tool.read",
                "target": f"{same}/{table}",
                "environment": "test",
                "reason": "A test",
                "key": countersign.key_of("drop", same, call_id),
            }

        @on.gated(describe, context=("call_id",))
        def drop(table, *others, call_id, cascade=False, **more):
            """Drops."""
            got.append((table, others, call_id, cascade, more))
            return table

        self.assertEqual(drop("a", "b", call_id="1", deep=[1]), "a")
        self.assertEqual(got, [("a", ("b",), "1", False, {"deep": [1]})])
        self.assertEqual((drop.__name__, drop.__doc__), ("drop", "Drops."))
        self.ends(countersign.Stopped, "already-redeemed", lambda: drop("a", "b", call_id="1", deep=[1]))
        self.ends(countersign.Refused, "invalid-input", lambda: drop(object(), call_id="2"))
        with self.assertRaises(TypeError):
            drop()

    def test_methods_and_generators(self):
        on = client()

        class Tool:
            @on.gated(
                lambda self, rows, call: {
                    **{name: value for name, value in action("tool.read").items() if name != "params"},
                    "reason": "A test",
                    "key": call,
                },
                context=("self", "call"),
            )
            def export(self, rows, call):
                return (self, rows)

        tool = Tool()
        self.assertEqual(tool.export(3, key()), (tool, 3))
        with self.assertRaises(TypeError):

            @on.gated(lambda: {})
            def generator():
                yield 1

        with self.assertRaises(TypeError):
            on.gated(lambda: {}, context=("missing",))(lambda: 1)


if __name__ == "__main__":
    unittest.main()
