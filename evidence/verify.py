"""python3 verify.py LOG.pem [DIR]     verifies an unpacked evidence bundle: DIR, or the folder of this script
LOG.pem is the log's public key, from somewhere you trust; not from the bundle, which cannot vouch for itself.
Needs Python 3.8 and `cryptography`, no network.
Exit 0: all of this holds. 1: something does not. 2: it was not tried, or needs a newer verifier than this.
Exit 3: all of it holds, and a record says that somebody had changed what was stored, and what was done about it.
Not checked here: whether the rules were kept, and whether the tables follow from the records (`countersign verify`)."""
import base64, contextlib, functools, hashlib, json, os, re, sys

STATEMENT, LATER = 'https://in-toto.io/Statement/v1', '([2-9]|[1-9][0-9]{1,5})'  # versions of manifests above 1
PREDICATE = 'urn:uuid:3b9b01dd-9f73-4dd3-92ed-b337fd0f422a/evidence-bundle/v1'
PLAIN = re.compile('[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*')
MEMBERS = re.compile(r'README\.txt|verify\.(sh|py)|checkpoint(\.(prev|add))?|(records|carried)\.jsonl|'
                     r'(requests|exceptions)\.csv|keys/[A-Za-z0-9_-]{43}\.pem|cards/[0-9a-f]{64}\.json|'
                     r'policy/[0-9a-f]{64}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){1,4}')
EVENTS = {(kind, 1) for kind in ('requested shown decided vote-void approved denied expired cancelled lapsed revoked '
    'redeemed unreported undeliverable succeeded failed policy-changed key-rotated erasure-asked erased tampered exported').split()}  # and version

@contextlib.contextmanager
def check(claim):  # any error inside `with check(claim)` means that the claim does not hold
    try: yield
    except Exception as error: sys.exit(f'FAILED: not so: {claim}: {type(error).__name__} {ascii(str(error))}')
    print('ok  ', claim)
def need(holds, what): return holds or sys.exit(f'FAILED: {what}')
def newer(what): sys.exit(print(f'newer-format: {what}, which this script does not know. Use a newer verifier.',
                                file=sys.stderr) or 2)
def read(name): return open(name, 'rb').read(1 << 24)
def pieces(name, size): return iter(functools.partial(open(name, 'rb').readline, size), b'')  # lines, if not longer
def unbase64(text):  # there is one way to write given bytes in base64; any other is refused
    data = base64.b64decode(text)
    return data if base64.b64encode(data).decode() == text else need(False, f'this is not proper base64: {text!a}')
def known(event, where):  # a later type or version is not broken; but what would have to be checked in it?
    kind, v = event['type'], event['v']
    need(re.fullmatch('[a-z][a-z0-9-]{0,63}', kind) and type(v) is int and v > 0, f'{where} is no event')
    if (kind, v) not in EVENTS: unknown.append(f'{where} is of type {kind}, version {v}')
def canonical(data):  # JSON by RFC 8785, as far as it occurs here: no fractions, ASCII names, sorted, none twice
    value = json.loads(data, parse_float=int, parse_constant=int)
    again = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(',', ':')).encode()
    return value if again == data else need(False, f'this is not canonical JSON: {data[:60]}')
def sha256(data): return hashlib.sha256(data).digest()
def node(left, right): return sha256(b'\1' + left + right)  # RFC 6962, 2.1; a leaf's hash begins with 0 instead
def root(perfect): return functools.reduce(lambda right, left: node(left, right), perfect[::-1] or [sha256(b'')])
def climb(fn, sn, path, new, old=b''):  # RFC 9162, 2.1.3.2 and 2.1.4.2: up to the root, and to that of the older tree
    for sibling in map(unbase64, path):
        need(sn > 0, 'a proof has too many hashes')
        if fn & 1 or fn == sn:
            old, new = node(sibling, old), node(sibling, new)
            while fn > 0 and not fn & 1: fn, sn = fn >> 1, sn >> 1
        else: new = node(new, sibling)
        fn, sn = fn >> 1, sn >> 1
    return (new, old) if sn == 0 else need(False, 'a proof has too few hashes')
def der(key): return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
def thumbprint(key):  # RFC 7638; in DER a P-256 key ends in x and y, 32 bytes each (RFC 5480)
    x, y = (base64.urlsafe_b64encode(part).decode()[:43] for part in (der(key)[-64:-32], der(key)[-32:]))
    return base64.urlsafe_b64encode(sha256(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode())).decode()[:43]

try:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    log_key, ecdsa = serialization.load_pem_public_key(read(sys.argv[1])), ec.ECDSA(hashes.SHA256())
    os.chdir(sys.argv[2] if len(sys.argv) > 2 else os.path.dirname(os.path.abspath(__file__)))
except Exception as error: sys.exit(print(error, __doc__, sep='\n\n', file=sys.stderr) or 2)

with check('the manifest is signed with LOG.pem'):  # DSSE signs "DSSEv1", then length and text of type and payload
    manifest, kind, kid = 'manifest.sigstore.json', 'application/vnd.in-toto+json', thumbprint(log_key)
    bundle = canonical(read(manifest))
    payload, signatures = bundle['dsseEnvelope']['payload'], bundle['dsseEnvelope']['signatures']
    need(bundle == {'mediaType': 'application/vnd.dev.sigstore.bundle.v0.3+json', 'dsseEnvelope': {'payloadType': kind,
        'payload': payload, 'signatures': [{'keyid': s['keyid'], 'sig': s['sig']} for s in signatures]},
        'verificationMaterial': {'publicKey': {'hint': signatures[0]['keyid']}}}, 'the manifest is of another kind')
    payload, mine = unbase64(payload), [unbase64(s['sig']) for s in signatures if s['keyid'] == kid]
    need(len(mine) == 1, 'the manifest is not signed with LOG.pem')
    log_key.verify(mine[0], b'DSSEv1 28 %s %d %s' % (kind.encode(), len(payload), payload), ecdsa)

with check('all members are there, none changed, none added'):
    statement = canonical(payload)
    # a later form is not broken; but how does it list the members?
    if statement['_type'] == STATEMENT and re.fullmatch(PREDICATE[:-1] + LATER, statement['predicateType']):
        newer(f"the manifest is of type {statement['predicateType']}")
    day, members = statement['predicate'], {s['name']: s['digest']['sha256'] for s in statement['subject']}
    need((len(members), statement['_type'], statement['predicateType']) == (len(statement['subject']), STATEMENT,
        PREDICATE) and all(map(PLAIN.fullmatch, members)), 'the manifest is no list')
    found = {os.path.join(path, name)[2:] for path, folders, files in os.walk('.') for name in files + folders}
    wrong = {p for p in found if not os.path.isdir(p)} ^ {manifest, *members} | set(filter(os.path.islink, found))
    need(not wrong, f'missing, not listed in the manifest, or a link: {sorted(wrong)}')
    for name in members:
        digest = hashlib.sha256()
        for piece in pieces(name, 1 << 20): digest.update(piece)
        need(digest.hexdigest() == members[name], f'{name} is not what the manifest says')
    unknown = [f'the manifest lists {name}' for name in members if not MEMBERS.fullmatch(name)]

with check('both checkpoints are signed and say what the manifest says'):
    # On the day of a key rotation two keys sign. The hint names the older, which alone signed the day before.
    origin, old, new, hint = day['log']['origin'], day['log']['from'], day['log']['to'], signatures[0]['keyid']
    need(f'keys/{hint}.pem' in members, 'the key that signed the manifest is not in the bundle')
    older = log_key if hint == kid else serialization.load_pem_public_key(read(f'keys/{hint}.pem'))
    for name, at, key in ('checkpoint.prev', old, older), ('checkpoint', new, log_key):
        # c2sp.org/signed-note: the text, an empty line, "— name base64" each: 4 bytes that name a key, its signature
        text, note, key_id = f"{origin}\n{at['size']}\n{at['root']}\n", read(name).decode(), sha256(der(key))[:4]
        need(note.startswith(text + '\n'), f"{name} does not have the manifest's name, size and root")
        signed = [unbase64(end) for end in re.findall(f'^— {re.escape(origin)} (.*)$', note[len(text):], re.M)]
        need([s[:4] for s in signed].count(key_id) == 1, f"{name} is not signed with the log's key")
        key.verify(next(s[4:] for s in signed if s[:4] == key_id), text.encode(), ecdsa)

with check('the log still holds all that it held before the day'):  # c2sp.org/tlog-witness; RFC 9162, 2.1.4.2
    start, end, old_root, new_root = old['size'], new['size'], unbase64(old['root']), unbase64(new['root'])
    head, _, note = read('checkpoint.add').decode().partition('\n\n')
    first, *path = head.split('\n')
    need(first == f'old {start}' and note.encode() == read('checkpoint'), 'checkpoint.add is of other checkpoints')
    need(0 < start < end or start in (0, end) and not path, 'there is no such proof')
    if 0 < start < end:
        if start & (start - 1) == 0: path.insert(0, old['root'])  # a power of two: its root is the first hash
        up, seed = (start & -start).bit_length() - 1, unbase64(path[0])
        need(climb(start - 1 >> up, end - 1 >> up, path[1:], seed, seed) == (new_root, old_root), 'the proof is wrong')

with check('the records continue their chains and, added to the tree before, make the tree after'):
    perfect, shards, last, types, carried = [unbase64(text) for text in old['frontier']], day['shards'], '', {}, 0
    need(len(perfect) == bin(start).count('1') and root(perfect) == old_root, 'the frontier is not that of the log')
    reached = {shard: (cut['from'], None if cut['from'] else '0' * 64) for shard, cut in shards.items()}
    for index, line in enumerate(pieces('records.jsonl', 4097), start):
        need(line.endswith(b'\n'), f'record {index} is too long or cut off')
        event, leaf = canonical(line[:-1]), sha256(b'\0' + line[:-1])
        shard, on, (seq, prev) = event['shard'], event['at'][:10], reached[event['shard']]
        need(shard >= last and event['seq'] == seq + 1, f'record {index} is not the next of its shard')
        need(on == day['date'] or on < day['date'] and day['number'] == 1, f'record {index} is of another day')
        need(prev in (None, event['prev']), f'record {index} does not name the record before it')
        known(event, f'record {index}')
        last, reached[shard], types[event['type']] = shard, (seq + 1, leaf.hex()), types.get(event['type'], 0) + 1
        while index & 1: leaf, index = node(perfect.pop(), leaf), index >> 1
        perfect.append(leaf)
    need(all(reached[s] in ((c['to'], c['head']), (c['to'], None)) for s, c in shards.items()), 'a chain ends early')
    need(sum(types.values()) == end - start and root(perfect) == new_root, 'the tree after is another')
if unknown: newer(unknown[0])

with check('the carried records were in the log before the day, and all is counted'):
    for carried, line in enumerate(pieces('carried.jsonl', 1 << 16), 1):
        item = canonical(line[:-1])
        leaf, index = item['leaf'].encode(), item['index']
        need(line.endswith(b'\n') and 0 <= index < start, f'carried record {carried} is malformed')
        known(canonical(leaf), f'carried record {carried}')
        need(climb(index, start - 1, item['proof'], sha256(b'\0' + leaf))[0] == old_root, 'a carried record is foreign')
    if unknown: newer(unknown[0])
    rows = {name: sum(1 for _ in pieces(f'{name}.csv', 1 << 16)) - 1 for name in ('requests', 'exceptions')}
    need(day['counts'] == {'records': end - start, 'carried': carried, 'types': types, **rows}, 'the counts are wrong')
verdict, code = ('HOLDS, WITH A RECORDED TAMPERING', 3) if types.get('tampered') else ('VERIFIED', 0)
print(f"{verdict} {day['date']}, bundle {day['number']} of {origin}: {end - start} records, log size {start} to {end}")
sys.exit(code)
