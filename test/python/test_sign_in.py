"""Signing in: each way as it is documented, its faults, and what never leaves the process."""

import base64
import json
import os
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
from unittest import mock
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from world import URL, Case, action, countersign, key

SCOPE = "22222222-2222-4222-8222-222222222222/.default"


class Issuer:
    """Answers as the test says, and remembers what it was sent. Its tokens are those of the agent."""

    def __init__(self):
        self.seen, self.answers = [], []
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.answer(dict(urllib.parse.parse_qsl(body)))

            def do_GET(self):
                self.answer(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query)))

            def answer(self, form):
                path = urllib.parse.urlsplit(self.path).path
                issuer.seen.append((self.command, path, form, dict(self.headers)))
                status, body = issuer.answers.pop(0) if issuer.answers else (200, {"access_token": "agent"})
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                if status in (301, 302, 307):
                    self.send_header("Location", f"{issuer.url}/elsewhere")
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Away(list):
    """Answers 503 for ever."""

    def __init__(self, called):
        super().__init__([1])
        self.called = called

    def pop(self, _=0):
        self.called.set()
        return 503, {}


def jwt(seconds):
    claims = base64.urlsafe_b64encode(json.dumps({"exp": time.time() + seconds}).encode()).decode().rstrip("=")
    return f"e30.{claims}.sig"


class SignIn(Case):
    def setUp(self):
        self.issuer = Issuer()
        self.addCleanup(self.issuer.close)

    def client(self, patience=20, **settings):
        environ = {"COUNTERSIGN_URL": URL, "PATH": os.environ["PATH"], **settings}
        return countersign.Countersign.from_environment(environ, patience=patience)

    def secret(self, **more):
        return {
            "COUNTERSIGN_TOKEN_URL": f"{self.issuer.url}/token",
            "COUNTERSIGN_CLIENT_ID": "the-client",
            "COUNTERSIGN_CLIENT_SECRET": "the-secret",
            "COUNTERSIGN_SCOPE": SCOPE,
            **more,
        }

    def works(self, on):
        self.assertEqual(on.gate(action("tool.read"), lambda _: 1, reason="A test", key=key()), 1)

    def test_a_token(self):
        self.works(self.client(COUNTERSIGN_TOKEN="agent"))
        refused = self.ends(
            countersign.Refused, "unauthenticated", lambda: self.works(self.client(COUNTERSIGN_TOKEN="very-private"))
        )
        self.assertNotIn("very-private", f"{refused!r}")

    def test_a_function_gives_the_token_and_hears_which_was_refused(self):
        asked = []

        def token(refused):
            asked.append(refused)
            return "agent" if refused else "stale"

        self.works(countersign.Countersign(URL, token))
        self.assertEqual(asked[:2], [None, "stale"])

    def test_a_command(self):
        self.works(self.client(COUNTERSIGN_TOKEN_COMMAND="echo agent"))
        for command, kind, code in (
            ("no-such-command", countersign.Misconfigured, "misconfigured"),
            ("exit 3", countersign.Unreachable, "unreachable"),
            ("echo two words", countersign.Misconfigured, "misconfigured"),
        ):
            on = self.client(COUNTERSIGN_TOKEN_COMMAND=f"{command} 2>/dev/null")
            self.ends(kind, code, lambda on=on: self.works(on))

    def test_a_client_secret(self):
        self.works(self.client(**self.secret()))
        method, path, form, _ = self.issuer.seen[0]
        self.assertEqual((method, path, len(self.issuer.seen)), ("POST", "/token", 1))
        wanted = {"grant_type": "client_credentials", "client_id": "the-client", "client_secret": "the-secret"}
        self.assertEqual(form, {**wanted, "scope": SCOPE})

    def test_a_token_is_kept_and_renewed_before_it_expires(self):
        on = self.client(**self.secret())
        self.issuer.answers = [(200, {"access_token": "agent", "expires_in": 2}), (503, {})]
        self.works(on)
        self.assertEqual(len(self.issuer.seen), 1)
        kept = on._token
        kept._renew_at = 0  # as after half of its life
        kept._fetch = lambda: (_ for _ in ()).throw(countersign.Unreachable("away"))
        self.assertEqual(kept(), "agent")
        kept._expires_at = 0
        self.ends(countersign.Unreachable, "unreachable", kept)

    def test_one_fetch_serves_all_threads_whose_token_was_refused(self):
        fetched = []
        kept = countersign._Kept(lambda: (fetched.append(1) or f"token-{len(fetched)}", 300.0))
        first = kept()
        threads = [threading.Thread(target=kept, args=[first]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((len(fetched), kept()), (2, "token-2"))

    def test_faults_of_the_issuer(self):
        self.issuer.answers = [(503, {}), (429, {"error": "slow_down"})]
        self.works(self.client(**self.secret()))
        description = "AADSTS7000215: Invalid client secret the-secret provided."
        self.issuer.answers = [(401, {"error": "invalid_client", "error_description": description})]
        on = self.client(**self.secret())
        refused = self.ends(countersign.Refused, "unauthenticated", lambda: self.works(on))
        self.assertIn("invalid_client (AADSTS7000215)", str(refused))
        self.assertNotIn("the-secret", str(refused))
        for answer in ((200, {}), (200, {"access_token": "two words"}), (302, {}), (200, ["agent"])):
            self.issuer.answers = [answer] * 3
            on = self.client(patience=0, **self.secret())
            self.ends(countersign.Unreachable, "unreachable", lambda: self.works(on))
        self.assertNotIn("/elsewhere", [path for _, path, *_ in self.issuer.seen])

    def test_a_gate_that_gives_up_does_not_wait_for_an_issuer_that_is_away(self):
        cancel, first = threading.Event(), threading.Event()
        self.issuer.answers = Away(first)
        on = self.client(patience=36_000, **self.secret())
        ends = []

        def gate():
            try:
                on.gate(action(), lambda _: 1, reason="A test", key=key(), cancel=cancel)
            except countersign.CountersignError as error:
                ends.append(error.code)

        threads = [threading.Thread(target=gate) for _ in range(3)]
        for thread in threads:
            thread.start()
        first.wait()
        cancel.set()
        for thread in threads:
            thread.join()
        self.assertEqual(ends, ["aborted"] * 3)

    def test_github_actions_signs_in_without_a_secret(self):
        self.issuer.answers = [(200, {"value": "header.payload.signature"})]
        settings = self.secret(
            COUNTERSIGN_CLIENT_SECRET="",
            ACTIONS_ID_TOKEN_REQUEST_URL=f"{self.issuer.url}/github?api-version=2",
            ACTIONS_ID_TOKEN_REQUEST_TOKEN="runner-token",
        )
        self.works(self.client(**settings))
        (_, path, query, headers), (_, _, form, _) = self.issuer.seen
        self.assertEqual((path, query), ("/github", {"api-version": "2", "audience": "api://AzureADTokenExchange"}))
        self.assertEqual(headers["Authorization"], "Bearer runner-token")
        self.assertEqual(form["client_assertion"], "header.payload.signature")
        self.assertEqual(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        self.assertNotIn("client_secret", form)
        audiences = countersign._AUDIENCES
        self.assertEqual(audiences["login.microsoftonline.us"], "api://AzureADTokenExchangeUSGov")

    def test_a_federated_token_file_is_read_each_time(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "token")
            settings = self.secret(COUNTERSIGN_CLIENT_SECRET="", AZURE_FEDERATED_TOKEN_FILE=file)
            on = self.client(**settings)
            self.ends(countersign.Misconfigured, "misconfigured", lambda: self.works(on))
            for assertion in ("first.one.x", "second.one.x"):
                with open(file, "w") as opened:
                    opened.write(f"{assertion}\n")
                on._token(on._token._token or None)
                self.assertEqual(self.issuer.seen[-1][2]["client_assertion"], assertion)
            with open(file, "w") as opened:
                opened.write("two words")
            on._token._expires_at = 0
            self.ends(countersign.Misconfigured, "misconfigured", on._token)

    def test_the_identity_of_an_app_in_azure(self):
        self.issuer.answers = [(200, {"access_token": "agent", "expires_on": str(int(time.time()) + 3600)})]
        on = self.client(
            COUNTERSIGN_SCOPE=SCOPE,
            COUNTERSIGN_CLIENT_ID="the-identity",
            IDENTITY_ENDPOINT=f"{self.issuer.url}/msi/token",
            IDENTITY_HEADER="the-header",
        )
        self.works(on)
        method, path, query, headers = self.issuer.seen[0]
        resource = {"api-version": "2019-08-01", "resource": SCOPE.split("/")[0], "client_id": "the-identity"}
        self.assertEqual((method, path, query), ("GET", "/msi/token", resource))
        self.assertEqual(headers["X-IDENTITY-HEADER"], "the-header")
        self.assertGreater(on._token._expires_at, time.time() + 3000)

    def test_the_identity_of_a_virtual_machine(self):
        self.issuer.answers = [(404, {}), (410, {}), (200, {"access_token": "agent", "expires_in": "3600"})]
        with mock.patch.object(countersign, "_METADATA", self.issuer.url):
            self.works(self.client(COUNTERSIGN_SCOPE=SCOPE, COUNTERSIGN_MANAGED_IDENTITY="on"))
        _, path, query, headers = self.issuer.seen[-1]
        self.assertEqual(path, "/metadata/identity/oauth2/token")
        self.assertEqual(query, {"api-version": "2018-02-01", "resource": SCOPE.split("/")[0]})
        self.assertEqual(headers["Metadata"], "true")

    def test_the_expiry_of_a_printed_token_is_read(self):
        self.assertAlmostEqual(countersign._lifetime_of(jwt(1200)), 1200, delta=60)
        for other in ("opaque", "a.b.c", "a.e30.c", "a.W10.c", "a.bnVsbA.c"):
            self.assertEqual(countersign._lifetime_of(other), 300)

    def test_settings_that_are_missing_or_malformed_are_named_and_never_quoted(self):
        for settings, name in (
            ({}, "COUNTERSIGN_TOKEN"),
            ({"COUNTERSIGN_URL": ""}, "COUNTERSIGN_URL"),
            ({"COUNTERSIGN_URL": "http://very-private.example"}, "COUNTERSIGN_URL"),
            ({"COUNTERSIGN_URL": "http://169.254.169.254"}, "COUNTERSIGN_URL"),
            ({"COUNTERSIGN_URL": "https://user:very-private@example.org"}, "COUNTERSIGN_URL"),
            ({"COUNTERSIGN_URL": "https://example.org:very-private"}, "COUNTERSIGN_URL"),
            ({"COUNTERSIGN_URL": "https://example.org/?very-private"}, "COUNTERSIGN_URL"),
            ({"COUNTERSIGN_URL": "very-private"}, "COUNTERSIGN_URL"),
            ({"COUNTERSIGN_TOKEN": "very private"}, "COUNTERSIGN_TOKEN"),
            ({"COUNTERSIGN_TOKEN": "x", "COUNTERSIGN_PATIENCE": "very-private"}, "COUNTERSIGN_PATIENCE"),
            (self.secret(COUNTERSIGN_TOKEN_URL="http://very-private.example"), "COUNTERSIGN_TOKEN_URL"),
            (self.secret(COUNTERSIGN_CLIENT_SECRET=""), "COUNTERSIGN_CLIENT_SECRET"),
            (self.secret(COUNTERSIGN_CLIENT_ID=""), "COUNTERSIGN_CLIENT_ID"),
            ({"COUNTERSIGN_MANAGED_IDENTITY": "very-private"}, "COUNTERSIGN_MANAGED_IDENTITY"),
            ({"COUNTERSIGN_MANAGED_IDENTITY": "on"}, "COUNTERSIGN_SCOPE"),
            ({"IDENTITY_ENDPOINT": "http://localhost/private", "IDENTITY_HEADER": "private"}, "COUNTERSIGN_TOKEN_URL"),
            (
                self.secret(COUNTERSIGN_CLIENT_SECRET="", ACTIONS_ID_TOKEN_REQUEST_URL="https://private.example"),
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            ),
        ):
            environ = {"COUNTERSIGN_URL": URL, **settings}
            with self.assertRaises(countersign.Misconfigured) as caught:
                countersign.Countersign.from_environment(environ)
            self.assertIn(name, str(caught.exception))
            self.assertNotIn("private", str(caught.exception))

    @unittest.skipIf(sys.platform == "win32", "needs a shell with sleep")
    def test_a_command_that_does_not_end_is_ended_with_what_it_started(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "pid")
            command = f"sh -c 'echo $$ > {file}; exec sleep 600' | cat"
            wait = countersign.subprocess.Popen.communicate

            def at_once(child, timeout=None):
                while not os.path.exists(file) or os.path.getsize(file) == 0:
                    time.sleep(0.01)
                return wait(child, timeout=0.01)

            countersign.subprocess.Popen.communicate = at_once
            try:
                on = self.client(COUNTERSIGN_TOKEN_COMMAND=command)
                self.ends(countersign.Unreachable, "unreachable", lambda: self.works(on))
            finally:
                countersign.subprocess.Popen.communicate = wait
            with open(file) as opened:
                started = int(opened.read())
            for _ in range(3000):
                if not running(started):
                    return
                time.sleep(0.01)
            self.fail("The program that the command started goes on.")


def running(pid):
    """Whether a process goes on. One that has ended stays a zombie until its parent looks."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
