"""asyncio: the same contract, without blocking the loop."""

import asyncio
import contextvars
import threading
import unittest

from world import Case, action, approving, client, countersign, denying, key

context = contextvars.ContextVar("context")


async def run(approved):
    await asyncio.sleep(0)
    return approved["target"]


def gate(wanted, one=None, work=run, on=None, **options):
    return (on or client()).agate(wanted, work, reason="A test", key=one or key(), **options)


class Async(Case):
    def test_a_coroutine_is_gated_and_so_is_a_function(self):
        async def main():
            wanted = action()
            self.assertEqual(await gate(wanted, on_progress=approving), wanted["target"])
            wanted = action("tool.read")
            self.assertEqual(await gate(wanted, work=lambda approved: approved["target"]), wanted["target"])

        asyncio.run(main())

    def test_many_wait_at_once_while_the_loop_goes_on(self):
        async def main():
            loop = asyncio.get_running_loop()
            # asyncio's own pool, which waits must not fill.
            loop.set_default_executor(__import__("concurrent.futures").futures.ThreadPoolExecutor(1))
            on, pending = client(), []
            wanted = [action() for _ in range(12)]
            tasks = [asyncio.create_task(gate(one, on=on, on_progress=pending.append)) for one in wanted]
            while len(pending) < len(tasks):
                await asyncio.sleep(0.01)
            self.assertEqual(await loop.run_in_executor(None, lambda: 42), 42)
            for request in list(pending):
                await loop.run_in_executor(None, approving, request)
            self.assertEqual(await asyncio.gather(*tasks), [one["target"] for one in wanted])

        asyncio.run(main())

    def test_callbacks_run_in_the_loop_and_may_be_coroutines(self):
        async def main():
            seen = []
            context.set("here")

            async def progress(request):
                seen.append((threading.current_thread() is threading.main_thread(), request["status"]))
                await asyncio.get_running_loop().run_in_executor(None, approving, request)

            await gate(action(), on_progress=progress)
            self.assertEqual(seen, [(True, "pending"), (True, "approved")])

        asyncio.run(main())

    def test_cancelling_the_task_withdraws_and_leave_does_not(self):
        async def main():
            for on_abort, status in (("cancel", "cancelled"), ("leave", "pending")):
                wanted, one, waiting = action(), key(), asyncio.Event()
                task = asyncio.create_task(gate(wanted, one, on_abort=on_abort, on_progress=lambda _: waiting.set()))
                await waiting.wait()
                await asyncio.sleep(0.2)
                task.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await task
                self.assertEqual(self.status(one, wanted)["status"], status)

        asyncio.run(main())

    def test_a_time_limit_around_the_gate_withdraws(self):
        async def main():
            wanted, one = action(), key()
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(gate(wanted, one), 0.5)
            self.assertEqual(self.status(one, wanted)["status"], "cancelled")

        asyncio.run(main())

    def test_cancelling_inside_run_is_reported(self):
        async def main():
            wanted, one, started = action("tool.read"), key(), asyncio.Event()

            async def slow(approved):
                started.set()
                await asyncio.sleep(3600)

            task = asyncio.create_task(gate(wanted, one, work=slow))
            await started.wait()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            self.assertEqual(self.status(one, wanted)["outcome"], {"result": "failed", "summary": "CancelledError"})

        asyncio.run(main())

    def test_a_coroutine_that_is_closed_awaits_nothing(self):
        async def main():
            wanted, one, waiting = action(), key(), asyncio.Event()
            coroutine = gate(wanted, one, on_progress=lambda _: waiting.set())

            async def drive():
                await coroutine

            task = asyncio.create_task(drive())
            await waiting.wait()
            await asyncio.sleep(0.2)
            coroutine_of_task = task.get_coro()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            coroutine_of_task.close()
            self.assertEqual(self.status(one, wanted)["status"], "cancelled")

        asyncio.run(main())

    def test_an_end_of_the_request_is_raised(self):
        async def main():
            with self.assertRaises(countersign.Stopped) as caught:
                await gate(action(), on_progress=denying)
            self.assertEqual(caught.exception.code, "denied")
            with self.assertRaises(RuntimeError):
                await gate(action("tool.read"), work=self.failing)

        asyncio.run(main())

    async def failing(self, approved):
        raise RuntimeError

    def test_on_used_may_be_a_coroutine(self):
        async def main():
            wanted, one = action("tool.read"), key()
            request = client().approved(wanted, reason="A test", key=one)
            client().redeem(request, wanted)

            async def used(request):
                return {"result": "failed", "value": None}

            self.assertIsNone(await gate(wanted, one, on_used=used))
            self.assertEqual(self.status(one, wanted)["status"], "failed")

        asyncio.run(main())

    def test_a_decorated_coroutine_function_is_awaited(self):
        async def main():
            described = {name: value for name, value in action("tool.read").items() if name != "params"}
            on = client()

            @on.gated(lambda rows: {**described, "reason": "A test", "key": key()})
            async def export(rows):
                await asyncio.sleep(0)
                return rows

            self.assertEqual(await export(rows=3), 3)
            with self.assertRaises(TypeError):
                client().gate(action("tool.read"), export, reason="A test", key=key())

        asyncio.run(main())


if __name__ == "__main__":
    unittest.main()
