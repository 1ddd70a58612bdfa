"""python3 verify.py LOG.pem [DIR]     verifies an unpacked evidence bundle: DIR, or the folder of this script
LOG.pem is the log's public key, from somewhere you trust; not from the bundle, which cannot vouch for itself.
NOT LOOKED AT here: what records say beside their type, time and place in the log; whether the rules were kept,
  policy allowed it, its files are complete, the tables follow from the records, and carried.jsonl has all earlier
  records of its requests; the zip itself; the days before and after. `countersign verify` checks all of it.
Needs Python 3.9, and its package `cryptography` or the program openssl; no network.
Exit 0: all of this holds. 1: something does not. 2: it was not tried, or needs a newer verifier than this.
Exit 3: all of it holds, and a record says that somebody had changed what was stored, and what was done about it."""
import base64, datetime, functools, hashlib, json, os, re, shutil, stat, subprocess, sys, tempfile

UNLOOKED = 'Not looked at: what records say beside type, time and place; the rules, the policy, the tables.'
STATEMENT, LATER = 'https://in-toto.io/Statement/v1', '([2-9]|[1-9][0-9]{1,5})'  # versions of manifests above 1
PREDICATE = 'urn:uuid:3b9b01dd-9f73-4dd3-92ed-b337fd0f422a/evidence-bundle/v1'
MANIFEST, PAYLOAD = 'manifest.sigstore.json', 'application/vnd.in-toto+json'
PLAIN = re.compile('[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*')
MEMBERS = re.compile(r'README\.txt|verify\.(sh|py)|checkpoint(\.(prev|add))?|(records|carried)\.jsonl|'
                     r'(requests|exceptions|further|metrics)\.csv|keys/[A-Za-z0-9_-]{43}\.pem|cards/[0-9a-f]{64}\.json|'
                     r'policy/[0-9a-f]{64}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){1,4}')
REQUIRED = {'README.txt', 'verify.sh', 'verify.py', 'checkpoint.prev', 'checkpoint', 'checkpoint.add', 'records.jsonl',
            'carried.jsonl', 'requests.csv', 'exceptions.csv'}
EVENTS = {(kind, 1) for kind in ('requested shown decided vote-void approved denied expired cancelled lapsed revoked '
    'redeemed unreported undeliverable succeeded failed policy-changed key-rotated erasure-asked erased tampered exported refused roster held released '
    'asked answered reminded escalated glass-broken reviewed unreviewed used ended delegated recalled narrowed').split()}  # and version
SHARDS, ZEROS, HEX, KID = [f'{i:02x}' for i in range(16)], '0' * 64, '[0-9a-f]{64}', '[A-Za-z0-9_-]{43}'
MOMENT = r'[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3])(:[0-5][0-9]){2}\.[0-9]{3}Z'

class Broken(Exception): pass   # the evidence does not hold
class Unable(Exception): pass   # nothing is known about the evidence
def need(holds, what):
    if not holds: raise Broken(what)
def newer(what): raise Unable(f'newer-format: {what}, which this script does not know. Use a newer verifier.')
def held(claim): print('ok  ', claim)

# Files. A link, a pipe or a device is never opened for its content: it could lead elsewhere, or never end.
def opened(name, what=None):
    try: fd = os.open(name, os.O_RDONLY | getattr(os, 'O_NONBLOCK', 0) | getattr(os, 'O_BINARY', 0) |
                      (0 if what else getattr(os, 'O_NOFOLLOW', 0)))
    except (FileNotFoundError, NotADirectoryError): raise (Unable if what else Broken)(f'{what or name} is missing')
    except OSError as error:
        if os.path.islink(name): raise Broken(f'{name} is a link')
        raise Unable(f'{what or name} cannot be read: {error.strerror}')
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise (Unable if what else Broken)(f'{what or name} is no plain file')
    return os.fdopen(fd, 'rb')
def read(name, most=1 << 20, what=None):
    with opened(name, what) as file: data = file.read(most + 1)
    if len(data) > most: raise (Unable if what else Broken)(f'{what or name} is too large')
    return data
def lines(name, most):  # with their ends, if they are not longer
    with opened(name) as file:
        for number, line in enumerate(iter(functools.partial(file.readline, most + 1), b''), 1):
            need(line.endswith(b'\n'), f'line {number} of {name} is too long, or cut off')
            yield number, line[:-1]

# Forms
def text(value, form): return type(value) is str and re.fullmatch(form, value) is not None
def natural(value): return type(value) is int and 0 <= value < 1 << 53
def has(value, *names): return type(value) is dict and set(value) == set(names)
@functools.lru_cache(1024)
def is_day(value):
    try: return datetime.date.fromisoformat(value).isoformat() == value
    except ValueError: return False
def moment(value): return text(value, MOMENT) and is_day(value[:10])
def unbase64(value, size=None):  # None, unless it is the one way to write these bytes
    try: data = base64.b64decode(value) if type(value) is str else None
    except ValueError: return None
    return data if data is not None and base64.b64encode(data).decode() == value and size in (None, len(data)) else None
def is_hash(value): return unbase64(value, 32) is not None
def is_name(value):  # of a key, c2sp.org/signed-note: no white space, no plus, no control character
    return type(value) is str and 0 < len(value) < 256 and not re.search('[\\s+\x00-\x1f\x7f-\x9f]', value)
class Odd(Broken): pass
def number(literal):  # whole numbers that every program holds exactly; forms of version 1 have no others
    if re.fullmatch('-?[0-9]{1,16}', literal) and abs(int(literal)) < 1 << 53: return int(literal)
    raise Odd(f'the number {literal[:40]}')
def by_utf16(pairs):  # RFC 8785 sorts so
    return dict(sorted(pairs, key=lambda pair: pair[0].encode('utf-16-be', 'surrogatepass')))
def canonical(data, what):  # JSON as RFC 8785 writes it: no name twice, since that would not come out the same
    try:
        value = json.loads(data.decode(), parse_int=number, parse_float=number, parse_constant=number,
                           object_pairs_hook=by_utf16)
        again = json.dumps(value, ensure_ascii=False, separators=(',', ':')).encode()
    except Odd as odd: raise Odd(f'{what} has {odd}, which no form has')
    except (ValueError, RecursionError): raise Broken(f'{what} is no JSON')
    need(again == data, f'{what} is not canonical JSON (RFC 8785)')
    return value

# RFC 6962, 2.1: the hash of a node; that of a leaf begins with 0 instead. RFC 9162, 2.1.3.2 and 2.1.4.2: from the leaf,
# or the subtree, up to the root and to that of the older tree.
def sha256(data): return hashlib.sha256(data).digest()
def node(left, right): return sha256(b'\1' + left + right)
def root(perfect): return functools.reduce(lambda right, left: node(left, right), perfect[::-1] or [sha256(b'')])
def climb(fn, sn, path, new, old=b''):  # None, if the path has too few or too many hashes
    for sibling in path:
        if sn == 0: return None
        if fn & 1 or fn == sn:
            old, new = node(sibling, old), node(sibling, new)
            while fn > 0 and not fn & 1: fn, sn = fn >> 1, sn >> 1
        else: new = node(new, sibling)
        fn, sn = fn >> 1, sn >> 1
    return (new, old) if sn == 0 else None

# Keys: one public key of P-256 (RFC 5480), not compressed, in PEM. In DER that is a fixed beginning, then x and y.
BEGINNING = bytes.fromhex('3059301306072a8648ce3d020106082a8648ce3d03010703420004')
P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff  # SP 800-186, 3.2.1.3
B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b
def key_in(pem):
    body = re.search(rb'-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----', pem)
    der = unbase64(re.sub(rb'\s', b'', body[1]).decode(), 91) if body and pem.count(b'-----BEGIN') == 1 else None
    if len(pem) > 16384 or der is None or not der.startswith(BEGINNING): return None
    x, y = (int.from_bytes(half, 'big') for half in (der[27:59], der[59:]))
    return der if x < P and y < P and (y * y - x * x * x + 3 * x - B) % P == 0 else None
def thumbprint(der):  # RFC 7638
    def base64url(data): return base64.urlsafe_b64encode(data).decode().rstrip('=')
    jwk = f'{{"crv":"P-256","kty":"EC","x":"{base64url(der[27:59])}","y":"{base64url(der[59:])}"}}'
    return base64url(sha256(jwk.encode()))

# Signatures: ECDSA over SHA-256, in DER
def choose():
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError: return by_openssl()
    def signed(key, data, signature):
        try: serialization.load_der_public_key(key).verify(signature, data, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature: return False
        return True
    return 'the package cryptography', signed
def by_openssl():
    program = shutil.which('openssl')
    if program is None: raise Unable('Neither the package cryptography nor the program openssl is installed.')
    def signed(key, data, signature):
        # openssl reads no more of a signature than the longest one has, so its own length (DER) is compared first.
        if len(signature) < 2 or signature[1] + 2 != len(signature): return False
        with tempfile.TemporaryDirectory() as folder:
            pem, sig = os.path.join(folder, 'pem'), os.path.join(folder, 'sig')
            with open(sig, 'wb') as file: file.write(signature)
            with open(pem, 'wb') as file:
                file.write(b'-----BEGIN PUBLIC KEY-----\n%s-----END PUBLIC KEY-----\n' % base64.encodebytes(key))
            run = [program, 'dgst', '-sha256', '-verify', pem, '-signature', sig]
            return subprocess.run(run, input=data, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    return program, signed

def main(log_key, signed):
    # DSSE signs "DSSEv1", then length and text of the type of the payload and of the payload. What is around it, written
    # again from what it must hold, must come out the same.
    bundle = canonical(read(MANIFEST, 3 << 20), MANIFEST)
    form = f'{MANIFEST} is not a signed statement'
    need(has(bundle, 'dsseEnvelope', 'mediaType', 'verificationMaterial') and
         has(bundle['dsseEnvelope'], 'payload', 'payloadType', 'signatures'), form)
    payload, signatures = unbase64(bundle['dsseEnvelope']['payload']), bundle['dsseEnvelope']['signatures']
    need(payload is not None and type(signatures) is list and len(signatures) in (1, 2) and all(
         has(s, 'keyid', 'sig') and text(s['keyid'], KID) and unbase64(s['sig']) for s in signatures), form)
    kids = [s['keyid'] for s in signatures]
    need(len(set(kids)) == len(kids) and bundle['dsseEnvelope']['payloadType'] == PAYLOAD and
         bundle['mediaType'] == 'application/vnd.dev.sigstore.bundle.v0.3+json' and
         bundle['verificationMaterial'] == {'publicKey': {'hint': kids[0]}}, form)
    encoded = b'DSSEv1 %d %s %d %s' % (len(PAYLOAD), PAYLOAD.encode(), len(payload), payload)
    need(thumbprint(log_key) in kids, 'the manifest is not signed with LOG.pem')
    need(signed(log_key, encoded, unbase64(signatures[kids.index(thumbprint(log_key))]['sig'])),
         'the signature of the manifest is wrong')
    held('the manifest is signed with LOG.pem')

    day, members = manifest_in(payload)
    check_members(members)
    held('all members are there, none changed, none added')

    # On the day of a key rotation two keys sign. The older comes first, and alone has to sign the day before.
    origin, old, new, keys = day['log']['origin'], day['log']['from'], day['log']['to'], []
    for kid, signature in zip(kids, signatures):
        need(f'keys/{kid}.pem' in members, f'keys/{kid}.pem, which signed, is missing')
        keys.append(key_in(read(f'keys/{kid}.pem')))
        need(keys[-1] and thumbprint(keys[-1]) == kid, f'keys/{kid}.pem is not the key that it is named by')
        need(keys[-1] == log_key or signed(keys[-1], encoded, unbase64(signature['sig'])),
             'a signature of the manifest is wrong')
    for name in members:
        need(not (name.startswith('keys/') and MEMBERS.fullmatch(name)) or name[5:-4] in kids, f'{name} signed nothing')
    for name, at, by in ('checkpoint.prev', old, keys[:1]), ('checkpoint', new, keys):
        check_note(name, f"{origin}\n{at['size']}\n{at['root']}\n", origin, keys, by, signed)
    held('both checkpoints are signed and say what the manifest says')

    check_growth(old, new)
    held('the log still holds all that it held before the day')

    unknown = [f'the manifest lists {name}' for name in members if not MEMBERS.fullmatch(name)]
    types = check_records(day, keys, unknown)
    if unknown: newer(unknown[0])
    held('the records continue their chains and, added to the tree before, make the tree after')

    carried = check_carried(old, unknown)
    if unknown: newer(unknown[0])
    rows = {}
    for name in 'requests', 'exceptions':
        with opened(f'{name}.csv') as file: rows[name] = sum(piece.count(b'\n') for piece in pieces(file)) - 1
    counts = {'records': new['size'] - old['size'], 'carried': carried, 'types': types, **rows}
    need(day['counts'] == counts, 'the manifest has other counts than there are records, carried records and rows')
    held('the carried records were in the log before the day, and all is counted')
    verdict, code = ('HOLDS, WITH A RECORDED TAMPERING', 3) if types.get('tampered') else ('VERIFIED', 0)
    print(UNLOOKED)
    print(f"{verdict} {day['date']}, bundle {day['number']} of {origin}: {counts['records']} records, "
          f"log size {old['size']} to {new['size']}")
    return code

def manifest_in(payload):  # what is signed: the day's figures, and the SHA-256 of each member by name
    need(len(payload) <= 2 << 20, 'the manifest is too large')
    statement = canonical(payload, 'the manifest')
    form = 'the manifest is not as it should be at '
    need(type(statement) is dict, 'the manifest is no statement')
    kind, subject = statement.get('predicateType'), statement.get('subject')
    # A later form is not broken; but how does it list the members?
    if statement.get('_type') == STATEMENT and text(kind, PREDICATE[:-1] + LATER):
        newer(f'the manifest is of type {kind}')
    need(has(statement, '_type', 'predicate', 'predicateType', 'subject') and statement['_type'] == STATEMENT and
         kind == PREDICATE, 'the manifest is no statement about a bundle')
    need(type(subject) is list and len(subject) < 10_000 and all(has(s, 'digest', 'name') and has(s['digest'], 'sha256')
         and text(s['digest']['sha256'], HEX) for s in subject), form + 'subject')
    members = {s['name']: s['digest']['sha256'] for s in subject if type(s['name']) is str}
    for name in members:
        need(PLAIN.fullmatch(name) and len(name) < 256, f'the manifest lists a member with an odd name: {name!a}')
        if name.startswith('cards/') and MEMBERS.fullmatch(name):
            need(name == f'cards/{members[name]}.json', f'{name} has another name than digest')
    need(len({name.lower() for name in members}) == len(subject), 'the manifest lists a member twice')
    need(REQUIRED <= members.keys(), f'the manifest does not list {min(REQUIRED - members.keys(), default="")}')

    day, fields = statement['predicate'], ['counts', 'date', 'log', 'number', 'sealedAt', 'shards', 'tool']
    need(type(day) is dict and has(day, *fields, *['previousManifest'] * (day.get('number') != 1)), form + 'predicate')
    need(natural(day['number']) and day['number'] > 0, form + 'number')
    need(text(day.get('previousManifest', ZEROS), HEX), form + 'previousManifest')
    need(text(day['date'], '[0-9-]{10}') and is_day(day['date']), form + 'date')
    need(moment(day['sealedAt']) and day['sealedAt'][:10] > day['date'], form + 'sealedAt')
    need(text(day['tool'], '[^\x00-\x1f\x7f-\x9f]{1,100}'), form + 'tool')
    log, shards, counts = day['log'], day['shards'], day['counts']
    need(has(log, 'from', 'origin', 'to') and has(log['from'], 'frontier', 'root', 'size') and has(log['to'], 'root', 'size')
         and is_name(log['origin']), form + 'log')
    need(all(natural(at['size']) and is_hash(at['root']) for at in (log['from'], log['to'])), form + 'log')
    frontier = log['from']['frontier']
    need(type(frontier) is list and all(map(is_hash, frontier)) and len(frontier) == bin(log['from']['size']).count('1'),
         form + 'log.from.frontier')
    need(has(shards, *SHARDS) and all(map(is_cut, shards.values())), form + 'shards')
    need(has(counts, 'carried', 'exceptions', 'records', 'requests', 'types') and type(counts['types']) is dict and
         all(natural(counts[name]) for name in counts if name != 'types') and
         all(text(kind, '[a-z][a-z0-9-]{0,63}') and natural(n) and n > 0 for kind, n in counts['types'].items()), form + 'counts')
    before, after = (sum(cut[end] for cut in shards.values()) for end in ('from', 'to'))
    need(before == log['from']['size'] and after == log['to']['size'] and (day['number'] > 1 or before == 0) and
         counts['records'] == after - before == sum(counts['types'].values()),
         'the manifest does not agree with itself on how long the log is')
    return day, members

def is_cut(cut):  # what the day has of a shard's chain, and the policies in force before and after it
    policies = [name for name in ('policyFrom', 'policyTo') if type(cut) is dict and name in cut]
    if not has(cut, 'from', 'head', 'to', *policies): return False
    start, end, before, after = (cut.get(name) for name in ('from', 'to', 'policyFrom', 'policyTo'))
    return (natural(start) and natural(end) and start <= end and text(cut['head'], HEX) and
            (end == 0) == (cut['head'] == ZEROS) and all(text(cut[name], 'sha256:' + HEX) for name in policies) and
            (start > 0 or before is None) and (end > 0 or after is None) and (end > start or before == after) and
            (before is None or after is not None))

def pieces(file): return iter(functools.partial(file.read, 1 << 20), b'')
def check_members(members):  # the folder holds them, unchanged, and nothing else
    folders = {name[:at] for name in members for at, sign in enumerate(name) if sign == '/'}
    found = set()
    def stop(error): raise Unable(f'{error.filename!a} cannot be read: {error.strerror}')
    for path, inside, files in os.walk('.', onerror=stop):
        for name in inside + files:
            name = os.path.join(path, name)[2:].replace(os.sep, '/')
            mode = os.lstat(name).st_mode
            need(name in folders if stat.S_ISDIR(mode) else stat.S_ISREG(mode) and name in {MANIFEST, *members},
                 f'{name!a} is no member, a link, or no plain file')
            found.add(name)
    for name in sorted({MANIFEST, *members} - found): raise Broken(f'{name} is missing')
    for name in members:
        digest = hashlib.sha256()
        with opened(name) as file:
            for piece in pieces(file): digest.update(piece)
        need(digest.hexdigest() == members[name], f'{name} is not what the manifest says')

def check_note(name, says, origin, keys, by, signed):
    # c2sp.org/signed-note: the text, an empty line, "— name base64" each: 4 bytes that name a key, its signature
    try: note = read(name).decode()
    except ValueError: raise Broken(f'{name} is not UTF-8')
    need(note.startswith(says + '\n'), f"{name} does not have the manifest's name, size and root")
    *ends, last = note[len(says) + 1:].split('\n')
    form = f'{name} is not a signed note'
    need(last == '' and 0 < len(ends) <= 32 and len(note) <= 262_144, form)
    need(not re.search('[\x00-\x09\x0b-\x1f]', note), form)
    done = set()
    for end in ends:
        dash, _, rest = end.partition(' ')
        who, _, encoded = rest.partition(' ')
        data = unbase64(encoded)
        need(dash == '—' and is_name(who) and data and len(data) > 4, form)
        # Signatures of other names or keys do not count. One that claims to be of a key of the day has to hold.
        claimed = [key for key in keys if who == origin and sha256(key)[:4] == data[:4]]
        good = [key for key in claimed if signed(key, says.encode(), data[4:])]
        need(good or not claimed, f'the signature of {name} is wrong')
        done.update(good)
    need(done.issuperset(by), f"{name} is not signed with the log's key")

def check_growth(old, new):  # c2sp.org/tlog-witness: "old SIZE", the hashes of the proof, an empty line, the checkpoint
    head, _, note = read('checkpoint.add').partition(b'\n\n')
    first, *path = head.split(b'\n')
    need(first == b'old %d' % old['size'] and note == read('checkpoint'), 'checkpoint.add is of other checkpoints')
    path = [unbase64(end.decode('ascii', 'replace'), 32) for end in path]
    need(None not in path and len(path) < 64, 'checkpoint.add has a line that is no hash')
    start, end, old_root, new_root = old['size'], new['size'], unbase64(old['root']), unbase64(new['root'])
    need(start > 0 or old_root == sha256(b''), 'the log before the day is said to be empty, with another root')
    wrong = 'the proof does not lead from the root before to the root after the day'
    if start in (0, end): return need(not path and (start < end or old_root == new_root), wrong)
    if start & (start - 1) == 0: path.insert(0, old_root)  # a power of two: its root is the first hash
    up = (start & -start).bit_length() - 1
    need(start < end and path and climb(start - 1 >> up, end - 1 >> up, path[1:], path[0], path[0]) == (new_root, old_root),
         wrong)

def event_in(leaf, where, unknown):  # what all types and versions have; a later one is not broken, but not known here
    need(len(leaf) <= 4096, f'{where} is too long')
    try: event = canonical(leaf, where)
    except Odd:  # a later form may have such numbers
        event = json.loads(leaf.decode())
        if type(event) is not dict or (event.get('type'), event.get('v')) in EVENTS: raise
    need(type(event) is dict and text(event.get('type'), '[a-z][a-z0-9-]{0,63}') and natural(event.get('v')) and
         event['v'] > 0 and moment(event.get('at')) and event.get('shard') in SHARDS and natural(event.get('seq')) and
         event['seq'] > 0 and text(event.get('prev'), HEX), f'{where} is no event')
    kind, v = event['type'], event['v']
    if (kind, v) not in EVENTS: unknown.append(f'{where} is of type {kind}, version {v}')
    return event

def check_records(day, keys, unknown):
    old, new = day['log']['from'], day['log']['to']
    perfect, last, types, rotations = [unbase64(hash) for hash in old['frontier']], '', {}, []
    need(root(perfect) == unbase64(old['root']), 'the frontier is not that of the log before the day')
    reached = {shard: (cut['from'], None if cut['from'] else ZEROS) for shard, cut in day['shards'].items()}
    index = old['size']
    for line, record in lines('records.jsonl', 4096):
        where = f'record {index}, line {line} of records.jsonl,'
        event, leaf = event_in(record, where, unknown), sha256(b'\0' + record)
        shard, on, (seq, prev) = event['shard'], event['at'][:10], reached[event['shard']]
        need(shard >= last and event['seq'] == seq + 1, f'{where} is not the next of its shard')
        need(on == day['date'] or on < day['date'] and day['number'] == 1, f'{where} is of another day')
        need(prev in (None, event['prev']), f'{where} does not name the record before it')
        last, reached[shard], types[event['type']] = shard, (seq + 1, leaf.hex()), types.get(event['type'], 0) + 1
        if (event['type'], event['v']) == ('key-rotated', 1): rotations.append(event.get('data'))
        full, index = index, index + 1
        while full & 1: leaf, full = node(perfect.pop(), leaf), full >> 1
        perfect.append(leaf)
    for shard, cut in day['shards'].items():
        need(reached[shard] in ((cut['to'], cut['head']), (cut['to'], None)), f'the chain of shard {shard} ends early')
    need(index == new['size'] and root(perfect) == unbase64(new['root']), 'the tree after the day is another')
    if not unknown: check_rotation(rotations, keys, old['size'])
    return types

def check_rotation(rotations, keys, size):
    if not rotations: return need(len(keys) == 1, 'two keys signed, and no record says that the log changed its key')
    data = rotations[0]
    need(len(rotations) == 1 and len(keys) == 2 and type(data) is dict and unbase64(data.get('key')) == keys[1] and
         natural(data.get('size')) and data['size'] <= size, 'the keys that signed are not those that a record names')

def check_carried(old, unknown):
    line, start, old_root = 0, old['size'], unbase64(old['root'])
    for line, data in lines('carried.jsonl', 6 * 4096 + 63 * 48 + 100):
        where = f'line {line} of carried.jsonl'
        item = canonical(data, where)
        need(has(item, 'index', 'leaf', 'proof') and natural(item['index']) and item['index'] < start and
             type(item['leaf']) is str and type(item['proof']) is list, f'{where} is no index, leaf and proof')
        leaf, proof = item['leaf'].encode(), [unbase64(hash, 32) for hash in item['proof']]
        event_in(leaf, where, unknown)
        top = None if None in proof else climb(item['index'], start - 1, proof, sha256(b'\0' + leaf))
        need(top and top[0] == old_root, f'{where} was not in the log before the day')
    return line

if hasattr(sys.stdout, 'reconfigure'): sys.stdout.reconfigure(errors='backslashreplace')
try:
    if len(sys.argv) not in (2, 3): raise Unable(__doc__)
    log_key = key_in(read(sys.argv[1], what='LOG.pem'))
    if log_key is None: raise Unable('LOG.pem is not one public key of P-256, not compressed, in PEM.')
    try: os.chdir(sys.argv[2] if len(sys.argv) > 2 else os.path.dirname(os.path.abspath(__file__)))
    except OSError: raise Unable('There is no such folder.')
    name, signed = choose()
    print(f'     signatures are checked by {name}')
    code = main(log_key, signed)
except Broken as error: print('FAILED:', error, file=sys.stderr); code = 1
except Unable as error: print(error, file=sys.stderr); code = 2
except OSError as error: print(f'{error.filename!a} cannot be read: {error.strerror}', file=sys.stderr); code = 2
sys.exit(code)
