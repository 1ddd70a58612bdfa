# An agent with nothing but HTTP: asks, waits, redeems, executes once and reports. Settings: npm run local -- env
import hashlib, json, os, urllib.parse, urllib.request, uuid

action = {"action": "service.restart", "target": "web-1", "environment": "staging", "params": {}}


def send(url, data=None, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, data=data, headers=headers)) as answer:
        return json.load(answer)


env = {name: os.environ["COUNTERSIGN_" + name] for name in ("URL", "TOKEN_URL", "CLIENT_ID", "CLIENT_SECRET", "SCOPE")}
form = {"grant_type": "client_credentials", "client_id": env["CLIENT_ID"], "client_secret": env["CLIENT_SECRET"]}
token = send(env["TOKEN_URL"], urllib.parse.urlencode({**form, "scope": env["SCOPE"]}).encode())["access_token"]


def call(path, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    return send(f"{env['URL']}/api/requests{path}", data, Authorization=f"Bearer {token}", **headers)


# RFC 8785: members in order, no spaces. This is enough for keys in ASCII and whole numbers.
document = {**action, "type": "countersign/action/v1"}
canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
digest = "sha256:" + hashlib.sha256(canonical).hexdigest()

ask = {**action, "reason": "Picks up the new certificate"}
request = call("", ask, **{"Idempotency-Key": str(uuid.uuid4())})
while request["next"] == "wait":
    request = call(f"/{request['id']}", Prefer="wait=25")
if request["next"] != "redeem":
    raise SystemExit(f"{request['status']}: {request['stop']['words']}")
claim = {"grant": request["grant"]["token"], "digest": digest, "redemption": str(uuid.uuid4())}
if call(f"/{request['id']}/redeem", claim)["next"] != "execute":
    raise SystemExit("This is not to be executed.")
print("restarted")  # the action itself stands here
call(f"/{request['id']}/outcome", {"result": "succeeded", "summary": "The service runs."})
