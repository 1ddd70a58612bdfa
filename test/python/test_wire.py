"""Bytes that come from a server or a proxy, and where calls go: redirects, sizes, encodings, proxies, addresses."""

import gzip
import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from unittest import mock

from world import Case, countersign

ID = "01kaqz3v8m0000000000000000-07"
REQUEST = {
    "id": ID,
    "status": "pending",
    "digest": "sha256:" + "0" * 64,
    "next": "wait",
    "approvals": {"required": [], "decisions": []},
}


def answer(body, status="200 OK", kind="application/json", *headers):
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(text)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + text


class Server:
    """Sends the given bytes to each connection in turn, the last to all others, and keeps what it was sent."""

    def __init__(self, *answers, family=socket.AF_INET, host="127.0.0.1", tls=None):
        self.answers, self.seen, self.tls = list(answers), [], tls
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.bind((host, 0))
        self.socket.listen(16)
        self.port = self.socket.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=[connection], daemon=True).start()

    def talk(self, plain):
        try:
            connection = self.tls.wrap_socket(plain, server_side=True) if self.tls else plain
        except OSError:
            return plain.close()  # the client does not trust this server
        with connection:
            received = b""
            while b"\r\n\r\n" not in received:
                try:
                    more = connection.recv(65536)
                except OSError:
                    return
                if not more:
                    return
                received += more
            self.seen.append(received)
            wanted = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            try:
                if callable(wanted):
                    wanted(connection)
                else:
                    connection.sendall(wanted)
            except OSError:
                pass  # the client has gone

    def close(self):
        self.socket.close()


class Wire(Case):
    def server(self, *answers, **options):
        server = Server(*answers, **options)
        self.addCleanup(server.close)
        return server

    def client(self, server, patience=0, **options):
        return countersign.Countersign(server.url, "the-token", patience=patience, **options)

    def lost(self, *answers):
        on = self.client(self.server(*answers))
        return self.ends(countersign.Unreachable, "unreachable", lambda: on.read(ID))

    def test_answers_in_pieces_are_put_together(self):
        text = json.dumps(REQUEST).encode()
        pieces = b"".join(b"%x\r\n%s\r\n" % (len(text[i : i + 7]), text[i : i + 7]) for i in range(0, len(text), 7))
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
        on = self.client(self.server(head + pieces + b"0\r\n\r\n"))
        self.assertEqual(on.read(ID), REQUEST)
        self.lost(head + pieces)
        until_end = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
        self.assertEqual(self.client(self.server(until_end + text)).read(ID), REQUEST)
        self.lost(answer(REQUEST)[:-5])
        self.lost(answer(REQUEST)[:20])
        self.lost(b"")
        self.lost(b"SSH-2.0-OpenSSH_9.2\r\n")

    def test_what_is_not_the_json_of_a_request_is_not_acted_on(self):
        text = json.dumps(REQUEST).encode()
        self.lost(answer(b"<html>", kind="text/html"))
        self.lost(answer(text, kind="text/plain"))
        self.lost(answer(gzip.compress(text), "200 OK", "application/json", "Content-Encoding: gzip"))
        self.lost(answer(b"[]"))
        self.lost(answer(b"\xff\xfe"))
        self.lost(answer(b"[" * 200_000))
        self.lost(answer(b'{"id":"' + b"x" * 2_000_000 + b'"}'))
        self.lost(answer(text[:-1] + b', "next": "execute"}'))
        self.lost(answer(text[:-1] + b', "size": NaN}'))
        self.lost(answer({**REQUEST, "id": "01kaqz3v8m0000000000000001-07"}))
        self.lost(answer({**REQUEST, "next": "run"}))
        self.lost(answer({**REQUEST, "next": "stop"}))
        self.lost(answer({**REQUEST, "digest": None}))
        self.lost(answer({**REQUEST, "approvals": {"decisions": []}}))
        self.lost(answer({**REQUEST, "approvals": {"required": [None], "decisions": []}}))
        self.lost(answer({}, "204 No Content"))

    def test_members_that_are_new_are_ignored(self):
        on = self.client(self.server(answer({**REQUEST, "newer": {"than": "this"}})))
        self.assertEqual(on.read(ID)["newer"], {"than": "this"})

    def test_a_request_for_another_action_is_neither_claimed_nor_run(self):
        wanted = {"action": "tool.read", "target": "x", "environment": "test"}
        other = countersign.digest_of({**wanted, "target": "y"})
        for request in (
            {**REQUEST, "digest": other, "status": "approved", "next": "redeem", "grant": {"token": "a.b.c"}},
            {**REQUEST, "digest": other, "status": "redeemed", "next": "execute"},
        ):
            server, ran = self.server(answer(request)), []
            on = self.client(server)
            work = lambda on=on, ran=ran: on.gate(wanted, ran.append, reason="A test", key="a-key")
            refused = self.ends(countersign.Refused, "digest-mismatch", work)
            self.assertEqual((refused.request, ran, len(server.seen)), (ID, [], 1))

    def test_only_the_answer_to_this_claim_lets_an_action_run(self):
        wanted = {"action": "tool.read", "target": "x", "environment": "test"}
        request = {**REQUEST, "digest": countersign.digest_of(wanted), "status": "redeemed"}
        other = "6f9619ff-8b86-4d01-b42d-00c04fc964ff"
        for more in ({"next": "execute"}, {"next": "execute", "redemption": other}, {"next": "report"}):
            ran = []
            on = self.client(self.server(answer({**request, **more})))
            with self.assertRaises(countersign.CountersignError):
                on.gate(wanted, ran.append, reason="A test", key="a-key")
            approved = {**request, "status": "approved", "next": "redeem", "grant": {"token": "a.b.c"}}
            with self.assertRaises(countersign.CountersignError):
                on.execute(approved, wanted, ran.append)
            self.assertEqual(ran, [])

    def test_what_a_host_kept_of_a_claim_counts_for_nothing(self):
        wanted = {"action": "tool.read", "target": "x", "environment": "test"}
        own, other = "6f9619ff-8b86-4d01-b42d-00c04fc964ff", "00000000-0000-4000-8000-000000000000"
        claimed = {**REQUEST, "digest": countersign.digest_of(wanted), "status": "redeemed", "next": "report"}
        kept = {**claimed, "next": "execute", "redemption": own}
        foreign = countersign.digest_of({**wanted, "target": "y"})
        for said, code in (
            (claimed, "already-redeemed"),
            ({**claimed, "redemption": other}, "already-redeemed"),
            ({**claimed, "redemption": own, "digest": foreign}, "digest-mismatch"),
            ({**claimed, "redemption": own}, None),
        ):
            server, ran = self.server(answer(said)), []
            try:
                self.client(server).execute(kept, wanted, ran.append, redemption=own)
                found = None
            except countersign.CountersignError as error:
                found = error.code
            self.assertEqual((found, len(ran)), (code, 1 if code is None else 0))
            self.assertEqual(server.seen[0].split()[:2], [b"GET", f"/api/requests/{ID}".encode()])

    def test_redirects_are_not_followed_and_no_token_is_sent_on(self):
        other = self.server(answer(REQUEST))
        for status in ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"):
            unreachable = self.lost(answer({}, status, "application/json", f"Location: {other.url}/api/requests/{ID}"))
            self.assertIn("redirect", str(unreachable))
        self.assertEqual(other.seen, [])

    def test_an_answer_that_trickles_is_not_waited_for_without_end(self):
        def trickle(connection):
            connection.sendall(answer(REQUEST)[:-40])
            for _ in range(2000):
                connection.sendall(b" ")
                time.sleep(0.01)

        server = self.server(trickle)
        target = countersign._Server(server.url, "URL", None)
        with self.assertRaises(countersign._Lost) as caught:
            target.exchange("GET", "/", {}, seconds=0.2)
        self.assertEqual(str(caught.exception), "no answer within 0.2 s")

    def test_a_wait_ends_at_once_when_it_is_cancelled(self):
        waiting = threading.Event()

        def hold(connection):
            waiting.set()
            connection.recv(1)

        server = self.server(hold, answer({**REQUEST, "status": "cancelled", "next": "wait"}))
        cancel = threading.Event()

        def give_up():
            waiting.wait()
            cancel.set()

        threading.Thread(target=give_up, daemon=True).start()
        on = self.client(server)
        # Without the shut connection, the answer would be waited for until the test is ended.
        with mock.patch.object(countersign, "_HELD", 36_000):
            self.ends(countersign.Cancelled, "aborted", lambda: on.until_approved(REQUEST, cancel=cancel))
        self.assertIn(f"POST /api/requests/{ID}/cancel".encode(), server.seen[-1])

    def test_retry_after_is_followed_as_seconds_or_date(self):
        parse = countersign._retry_after
        self.assertEqual([parse(text) for text in ("7", " 7 ", "-1", "x", "", None)], [7, 7, None, None, None, None])
        self.assertEqual(parse("Wed, 21 Oct 2015 07:28:00 GMT"), 0)
        soon = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 60))
        with mock.patch.dict(os.environ, {"TZ": "Asia/Tokyo"}):
            time.tzset()
            self.addCleanup(time.tzset)
            self.assertAlmostEqual(parse(soon), 60, delta=30)
        self.assertGreater(parse("Wed, 21 Oct 2099 07:28:00 -0000"), 1e6)

    def test_busy_is_repeated_and_a_longer_pause_than_patience_is_not_slept(self):
        busy = answer({"code": "busy", "title": "Busy"}, "503 Busy", "application/problem+json", "Retry-After: 0")
        self.assertEqual(self.client(self.server(busy, busy, answer(REQUEST)), 30).read(ID), REQUEST)
        later = answer(
            {"code": "too-many", "title": "Many"}, "429 Many", "application/problem+json", "Retry-After: 3600"
        )
        refused = self.ends(countersign.Refused, "too-many", lambda: self.client(self.server(later), 30).read(ID))
        self.assertEqual(refused.retry_after, 3600)
        for code in ("newer-format", "evidence-broken", "read-only", "cooling-down"):
            problem = answer({"code": code, "title": "No"}, "503 No", "application/problem+json", "Retry-After: 0")
            server = self.server(problem)
            self.ends(countersign.Refused, code, lambda server=server: self.client(server, 30).read(ID))
            self.assertEqual(len(server.seen), 1)

    def test_people_that_are_busy_are_waited_for_longer_than_a_service(self):
        def problem(code):
            return answer({"code": code, "title": "No"}, "429 No", "application/problem+json", "Retry-After: 1")

        on = self.client(self.server(problem("too-many"), answer(REQUEST)), patience=0, queue=30)
        self.assertEqual(on.read(ID), REQUEST)
        on = self.client(self.server(problem("other"), answer(REQUEST)), patience=0, queue=30)
        self.ends(countersign.Refused, "other", lambda: on.read(ID))

    def test_addresses_with_a_path_a_port_and_version_6(self):
        server = self.server(answer(REQUEST))
        on = countersign.Countersign(f"{server.url}/a/path/", "the-token")
        on.read(ID)
        self.assertTrue(server.seen[0].startswith(f"GET /a/path/api/requests/{ID} HTTP/1.1\r\n".encode()))
        self.assertIn(b"Accept-Encoding: identity\r\n", server.seen[0])
        if socket.has_ipv6:
            try:
                six = self.server(answer(REQUEST), family=socket.AF_INET6, host="::1")
            except OSError:
                return
            self.assertEqual(self.client(six).read(ID), REQUEST)
            self.assertIn(f"Host: [::1]:{six.port}\r\n".encode(), six.seen[0])

    def test_calls_to_this_machine_use_no_proxy_and_others_tunnel_through_it(self):
        proxy = self.server(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        address = proxy.url.replace("http://", "http://user:p%40ss@")
        environ = {
            "https_proxy": address,
            "http_proxy": address,
            "HTTPS_PROXY": address,
            "no_proxy": "",
            "NO_PROXY": "",
        }
        with mock.patch.dict(os.environ, environ):
            here = self.server(answer(REQUEST))
            self.assertEqual(self.client(here).read(ID), REQUEST)
            self.assertEqual(proxy.seen, [])
            away = countersign.Countersign("https://countersign.invalid", "the-token", patience=0)
        unreachable = self.ends(countersign.Unreachable, "unreachable", lambda: away.read(ID))
        self.assertIn("proxy", str(unreachable))
        self.assertTrue(proxy.seen[0].startswith(b"CONNECT countersign.invalid:443 HTTP/1."))
        self.assertIn(b"Proxy-Authorization: Basic dXNlcjpwQHNz", proxy.seen[0])
        self.assertNotIn(b"the-token", b"".join(proxy.seen))
        with mock.patch.dict(os.environ, {**environ, "no_proxy": "countersign.invalid"}):
            away = countersign.Countersign("https://countersign.invalid", "the-token", patience=0)
        self.assertIn("resolved", str(self.ends(countersign.Unreachable, "unreachable", lambda: away.read(ID))))

    def test_servers_over_tls_must_be_trusted_and_a_wait_on_one_ends_when_it_is_cancelled(self):
        with tempfile.TemporaryDirectory() as folder:
            cert, secret = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
            subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
            made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
            subprocess.run([*made, "-keyout", secret, "-out", cert, *subject], check=True, stderr=subprocess.DEVNULL)
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(cert, secret)
            trusting = ssl.create_default_context(cafile=cert)
        waiting, cancel = threading.Event(), threading.Event()

        def hold(connection):
            waiting.set()
            connection.recv(1)

        server = self.server(answer(REQUEST), hold, answer({**REQUEST, "status": "cancelled"}), tls=tls)

        def client(host, **options):
            return countersign.Countersign(f"https://{host}:{server.port}", "the-token", patience=0, **options)

        for on in (client("localhost"), client("127.0.0.1", tls=trusting)):
            error = self.ends(countersign.Unreachable, "unreachable", lambda on=on: on.read(ID))
            self.assertIn("not trusted", str(error))
        self.assertEqual(server.seen, [])
        self.assertEqual(client("localhost", tls=trusting).read(ID), REQUEST)

        def give_up():
            waiting.wait()
            cancel.set()

        threading.Thread(target=give_up, daemon=True).start()
        on = client("localhost", tls=trusting)
        with mock.patch.object(countersign, "_HELD", 36_000):
            self.ends(countersign.Cancelled, "aborted", lambda: on.until_approved(REQUEST, cancel=cancel))
        self.assertIn(b"/cancel", server.seen[-1])

    def test_ids_lead_to_no_other_address(self):
        on = self.client(self.server(answer(REQUEST)))
        for wrong in ("../health", "a/b", "", "x y", "X", "%2e", None):
            self.ends(countersign.Refused, "invalid-input", lambda wrong=wrong: on.read(wrong))

    def test_a_token_with_other_characters_is_never_sent_or_shown(self):
        server = self.server(answer(REQUEST))
        for wrong in ("the token\r\nX-Evil: 1", "tok\u00e9n", "", None, 7):
            on = countersign.Countersign(server.url, lambda refused, wrong=wrong: wrong, patience=0)
            error = self.ends(countersign.Misconfigured, "misconfigured", lambda on=on: on.read(ID))
            self.assertNotIn("tok\u00e9n", str(error))
        self.assertEqual(server.seen, [])

    def test_a_list_is_asked_for_in_utc(self):
        server = self.server(answer({"requests": [], "cursor": "next"}))
        tokyo = countersign.timezone(countersign.datetime.now(countersign.timezone.utc).utcoffset().__class__(hours=9))
        since = countersign.datetime(2026, 3, 4, 9, 30, tzinfo=tokyo)
        found = self.client(server).mine(status="pending", since=since, until="2026-03-05T00:00:00.000Z", cursor="a&b")
        self.assertEqual(found["cursor"], "next")
        query = b"status=pending&from=2026-03-04T00%3A30%3A00.000Z&to=2026-03-05T00%3A00%3A00.000Z&cursor=a%26b"
        self.assertIn(b"GET /api/requests?" + query, server.seen[0])
        with self.assertRaises(ValueError):
            self.client(server).mine(since=countersign.datetime(2026, 3, 4))
        on = self.client(self.server(answer({})))
        self.ends(countersign.Unreachable, "unreachable", on.mine)


if __name__ == "__main__":
    unittest.main()
