"""python3 make_bundle.py OUT DAY...     writes OUT/log.pem, OUT/new.pem and a bundle per day: OUT/1 and OUT/1.zip, ...

DAY is how many records it has; `r` before it lets the day begin with the rotation from the key log.pem to new.pem, and `o`
before both makes a day of an earlier program, without metrics.csv and without the column `controls`. The secret keys go to OUT/log.key and OUT/new.key, for insiders.

Written from docs/evidence/bundle.md, on purpose in another way than the product: everything in memory, and trees by
their recursive definition.
"""
import base64, collections, os, sys, zipfile
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

sys.dont_write_bytecode = True
from make_requests import CARD, EDITION, HEADER, RULES, SHARDS, VERSION, commits_of, instant, jcs, metrics_of, oid, sha

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'evidence')
ORIGIN, ZEROS = 'approvals.contoso.example/evidence', '0' * 64

def b64(data): return base64.b64encode(data).decode()
def url(data): return base64.urlsafe_b64encode(data).decode().rstrip('=')

# RFC 6962, 2.1: the tree's head, PATH and SUBPROOF as they are defined there, and the roots that appending needs.
def leaf_hash(leaf): return sha(b'\0' + leaf.encode())
def half(n): return 1 << (n - 1).bit_length() - 1
def mth(d):
    if len(d) < 2: return leaf_hash(d[0]) if d else sha('')
    return sha(b'\1' + mth(d[:half(len(d))]) + mth(d[half(len(d)):]))
def path(m, d):
    if len(d) == 1: return []
    k = half(len(d))
    return path(m, d[:k]) + [mth(d[k:])] if m < k else path(m - k, d[k:]) + [mth(d[:k])]
def subproof(m, d, whole):
    if m == len(d): return [] if whole else [mth(d)]
    k = half(len(d))
    return subproof(m, d[:k], whole) + [mth(d[k:])] if m <= k else subproof(m - k, d[k:], False) + [mth(d[:k])]
def frontier(d):
    k = 1 << len(d).bit_length() - 1 if d else 0
    return [mth(d[:k])] + frontier(d[k:]) if d else []

class Key:
    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        public, form = self.key.public_key(), serialization.PublicFormat.SubjectPublicKeyInfo
        self.spki = public.public_bytes(serialization.Encoding.DER, form)
        self.pem = public.public_bytes(serialization.Encoding.PEM, form)
        x, y = (url(n.to_bytes(32, 'big')) for n in (public.public_numbers().x, public.public_numbers().y))
        self.kid = url(sha(jcs({'crv': 'P-256', 'kty': 'EC', 'x': x, 'y': y})))
    def sign(self, data): return self.key.sign(data, ec.ECDSA(hashes.SHA256()))

def note(text, keys):
    return text + '\n' + ''.join(f'— {ORIGIN} {b64(sha(k.spki)[:4] + k.sign(text.encode()))}\n' for k in keys)
def dsse(payload, keys):
    pae = b'DSSEv1 28 application/vnd.in-toto+json %d %s' % (len(payload.encode()), payload.encode())
    return jcs({'mediaType': 'application/vnd.dev.sigstore.bundle.v0.3+json',
                'verificationMaterial': {'publicKey': {'hint': keys[0].kid}},
                'dsseEnvelope': {'payload': b64(payload.encode()), 'payloadType': 'application/vnd.in-toto+json',
                                 'signatures': [{'keyid': k.kid, 'sig': b64(k.sign(pae))} for k in keys]}})

def main(out, days):
    old, new = Key(), Key()
    os.makedirs(out)
    for name, key in ('log', old), ('new', new): write(f'{out}/{name}.pem', key.pem)
    for name, key in ('log', old), ('new', new): write(f'{out}/{name}.key', key.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    log, heads, requests, rotated, before, manifest = [], {s: (0, ZEROS) for s in SHARDS}, [], False, None, None
    judged = set()  # the shards in which an event has named the policy
    for number, wanted in enumerate(days, 1):
        older, rotates, size = 'o' in wanted, 'r' in wanted, int(wanted.lstrip('or'))
        keys = [old, new] if rotates else [new] if rotated else [old]
        start, root, cuts, added, known = len(log), mth(log), dict(heads), {s: [] for s in SHARDS}, set(judged)
        before = before or note(f'{ORIGIN}\n0\n{b64(sha(""))}\n', keys[:1])

        def chain(shard, now, fact, request):
            seq, prev = heads[shard]
            event = {'v': 1, 'at': instant(now), 'shard': shard, 'seq': seq + 1, 'prev': prev, **fact}
            if request: event['request'] = request.id
            heads[shard] = (seq + 1, leaf_hash(jcs(event)).hex())
            if request and fact['type'] == 'requested': request.asked = heads[shard][1]; judged.add(shard)
            added[shard].append((event, request))
        if rotates:
            chain('00', (number - 1) * 86400, {'type': 'key-rotated', 'actor': {'kind': 'system'},
                                               'data': {'key': b64(new.spki), 'size': start}}, None)
        exports = number > 1 and size > 5  # somebody downloaded the bundle of the day before
        if exports:
            chain('00', (number - 1) * 86400, {'type': 'exported', 'actor': {'kind': 'person', 'id': oid(41)}, 'data': {
                'file': 'bundle', 'date': instant((number - 2) * 86400)[:10], 'client': oid(61)}}, None)
        for now, request, facts in commits_of(number - 1, size - rotates - exports, requests):
            for fact in facts: chain(request.shard, now, fact, request)

        today = [pair for shard in SHARDS for pair in added[shard]]
        touched = list(dict.fromkeys(request for _, request in today if request))
        carried = [item for request in touched for item in request.leaves]
        exceptions = []
        for index, (event, request) in enumerate(today, len(log)):
            where = f"{index},{event['at']},"
            if request: request.events.append(event); request.leaves.append((index, jcs(event)))
            if event['type'] == 'failed': exceptions.append(f"{where}{request.id},failed,{oid(2)},db.export,\r\n")
            if event['type'] == 'decided' and 'view' not in event['data']:
                exceptions.append(f"{where}{request.id},unseen,{event['actor']['id']},db.export,approve\r\n")
            if event['type'] == 'refused':
                exceptions.append(f"{where}{request.id},refused,{oid(31)},db.export,decide: self-approval\r\n")
            if event['type'] == 'exported':
                exceptions.append(f"{where},exported,{oid(41)},,bundle {event['data']['date']}\r\n")
            if event['type'] == 'key-rotated':
                exceptions.append(f'{where},key-rotated,system,,{sha(new.spki).hex()}\r\n')
        log_before, log = log, log + [jcs(event) for event, _ in today]
        text = f'{ORIGIN}\n{len(log)}\n{b64(mth(log))}\n'
        after = note(text, keys)
        proof = [b64(h) for h in subproof(start, log, True)] if start not in (0, len(log)) else []
        named = bool(judged)
        members = {name: open(f'{HERE}/{name}', 'rb').read() for name in ('README.txt', 'verify.sh', 'verify.py')}
        members |= {f'keys/{k.kid}.pem': k.pem for k in sorted(keys, key=lambda k: k.kid)}
        if named: members |= {f'policy/{VERSION}/{name}': text for name, text in {**RULES, 'version.json': EDITION}.items()}
        if named: members |= {f'cards/{sha(CARD).hex()}.json': CARD}
        members |= {
            'checkpoint.prev': before, 'checkpoint': after,
            'checkpoint.add': '\n'.join([f'old {start}', *proof, '', after]),
            'records.jsonl': ''.join(leaf + '\n' for leaf in log[start:]),
            'carried.jsonl': ''.join(
                jcs({'index': i, 'leaf': leaf, 'proof': [b64(h) for h in path(i, log_before)]}) + '\n'
                for i, leaf in carried),
            'requests.csv': HEADER + '\r\n' + ''.join(request.row() for request in touched),
            'exceptions.csv': 'index,at,request,kind,actor,action,detail\r\n' + ''.join(exceptions),
            'metrics.csv': metrics_of(number - 1, touched)}
        if older:
            del members['metrics.csv']
            rows = members['requests.csv'].split('\r\n')
            members['requests.csv'] = '\r\n'.join(row.rpartition(',')[0] for row in rows)
        predicate = {
            'number': number, 'date': instant((number - 1) * 86400)[:10], 'sealedAt': instant(number * 86400 + 300),
            'log': {'origin': ORIGIN, 'to': {'size': len(log), 'root': b64(mth(log))},
                    'from': {'size': start, 'root': b64(root), 'frontier': [b64(h) for h in frontier(log_before)]}},
            'shards': {s: {'from': cuts[s][0], 'to': heads[s][0], 'head': heads[s][1],
                           **({'policyFrom': f'sha256:{VERSION}'} if s in known else {}),
                           **({'policyTo': f'sha256:{VERSION}'} if s in judged else {})} for s in SHARDS},
            'counts': {'records': len(today), 'carried': len(carried), 'requests': len(touched),
                       'exceptions': len(exceptions), 'types': collections.Counter(e['type'] for e, _ in today)},
            'tool': 'countersign 0.1.0'}
        if manifest: predicate['previousManifest'] = sha(manifest).hex()
        manifest = dsse(jcs({'_type': 'https://in-toto.io/Statement/v1', 'predicate': predicate,
                             'predicateType': 'urn:uuid:3b9b01dd-9f73-4dd3-92ed-b337fd0f422a/evidence-bundle/v1',
                             'subject': [{'name': n, 'digest': {'sha256': sha(d).hex()}} for n, d in members.items()]}),
                        keys)
        with zipfile.ZipFile(f'{out}/{number}.zip', 'w') as archive:
            for name, data in {**members, 'manifest.sigstore.json': manifest}.items():
                write(f'{out}/{number}/{name}', data)
                archive.writestr(name, data)
        before, rotated = after, rotated or rotates

def write(name, data):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, 'wb') as file: file.write(data if isinstance(data, bytes) else data.encode())

if __name__ == '__main__': main(sys.argv[1], sys.argv[2:])
