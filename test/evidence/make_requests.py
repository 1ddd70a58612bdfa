"""What happens in the bundles of make_bundle.py: requests that two people approve and that succeed, that a rule allows
and that fail, and that no rule covers. Written from docs/evidence/ alone."""
import collections, datetime, hashlib, json, random

WEEK, SHARDS = 7 * 24 * 3600, [f'{i:02x}' for i in range(16)]
HEADER = ('request,state,action,digest,agent,executor,on_behalf_of,outcome,rules,policy,tier,required,approvers,'
          'denied_by,requested_at,decided_at,expires_at,lapses_at,redeemed_at,closed_at,undeliverable,unreported,controls')
rng = random.Random(4)

def sha(data): return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).digest()
def jcs(value): return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(',', ':'))

# A policy version: the digest over its files, card templates included (as files, they lie beside).
CARD = '{"type":"AdaptiveCard","version":"1.4"}'
def oid(n): return f'00000000-0000-4000-8000-{n:012d}'
def rule(file, **notes):
    scope = {'principal': {'op': 'All'}, 'action': {'op': 'All'}, 'resource': {'op': 'All'}}
    return {'file': file, 'effect': 'permit', 'id': notes['id'], 'annotations': notes, 'scope': scope, 'verbs': ['db.export']}
RULES = {name: f'// {name}\n' for name in ('allow.cedar', 'approve.cedar', 'forbid.cedar', 'schema.cedarschema')}
RULES |= {'rules.json': jcs({'type': 'countersign/rules/v1', 'verbs': ['db.export'], 'rules': [
              rule('approve.cedar', id='two-dba', approvers='dba:2', expires='P7D', lapse='P7D', controls='CC6.1, AC-6(9)'),
              rule('allow.cedar', id='restart', lapse='P7D')]}),
          'approvers.json': jcs({'version': 1, 'groups': {'dba': {'members': [oid(11), oid(12)]}}, 'agents': {
              oid(1): {'name': 'asks', 'appId': oid(1), 'owners': [oid(31)], 'executors': [oid(2)]},
              oid(2): {'name': 'runs', 'appId': oid(2), 'sponsors': [oid(31)]}}})}
FILES = {name: sha(text).hex() for name, text in {**RULES, 'cards/review.json': CARD}.items()}
EDITION = jcs({'files': FILES, 'type': 'countersign/policy/v1'})
VERSION = sha(EDITION).hex()

def instant(second): return (datetime.datetime(2026, 2, 1) + datetime.timedelta(seconds=second)).isoformat() + '.000Z'
def second(at): return int((datetime.datetime.fromisoformat(at[:-1]) - datetime.datetime(2026, 2, 1)).total_seconds())
def said(**texts):
    def digest(text): return sha(jcs({'salt': f'{rng.getrandbits(128):032x}', 'text': text})).hex()
    return {'said': {name: digest(text) for name, text in texts.items()}}
def ulid(second):
    begin = datetime.datetime(2026, 2, 1, tzinfo=datetime.timezone.utc).timestamp()
    bits = (int(begin) + second) * 1000 << 80 | rng.getrandbits(80)
    return ''.join('0123456789abcdefghjkmnpqrstvwxyz'[bits >> 5 * i & 31] for i in reversed(range(26)))

class Request:
    """A request with the commits that are still to come, each a list of facts made when its time has come."""
    def __init__(self, kind, now):
        self.shard, self.digest, self.events = rng.choice(SHARDS), 'sha256:' + sha(str(rng.random())).hex(), []
        self.leaves, self.asked = [], None  # the hash of what was asked for, once it has one
        self.id = f'{ulid(now)}-{self.shard}'
        self.commits = {'approve': [self.ask, self.refused, self.vote(11), self.vote(12), self.run('succeeded')],
                        'allow': [self.ask, self.run('failed')], 'no-policy': [self.ask]}[kind]
        self.kind, self.sizes = kind, {'approve': [1, 1, 1, 2, 2], 'allow': [2, 2], 'no-policy': [2]}[kind]
    def ask(self, now):
        rules = {'approve': ['two-dba'], 'allow': ['restart'], 'no-policy': []}[self.kind]
        data = {'action': 'db.export', 'digest': self.digest, 'executor': oid(2), 'warnings': [],
                'policy': {'version': f'sha256:{VERSION}', 'outcome': self.kind, 'rules': rules}}
        if self.kind != 'no-policy': data |= {'lapse': WEEK, 'grant': 300}
        if self.kind == 'approve':
            data |= {'tier': 'medium', 'requirement': [{'groups': ['dba'], 'quorum': 2}], 'excluded': [oid(31)],
                     'expiresAt': instant(now + WEEK)}
        asked = {'type': 'requested', 'actor': {'kind': 'agent', 'id': oid(1)}, 'data': data, **said(reason='größer 🔑')}
        policy = {'actor': {'kind': 'policy'}, 'data': {'by': 'policy', 'rules': rules}}
        if self.kind == 'allow': policy['data']['lapsesAt'] = instant(now + WEEK)
        return [asked] + {'approve': [], 'allow': [{'type': 'approved', **policy}],
                          'no-policy': [{'type': 'denied', **policy}]}[self.kind]
    def refused(self, now):
        data = {'act': 'decide', 'code': 'self-approval', 'via': 'api', 'client': oid(61)}
        return [{'type': 'refused', 'actor': {'kind': 'person', 'id': oid(31)}, 'data': data}]
    def vote(self, who):
        def vote(now):
            facts = {'accounts': [oid(who)], 'groups': ['dba'], 'member': True, 'enabled': True, 'asOf': instant(now)}
            actor = {'actor': {'kind': 'person', 'id': oid(who)}}
            data = {'verdict': 'approve', 'via': 'api', 'content': self.asked, 'client': oid(61), 'facts': facts}
            votes = [{'type': 'decided', **actor, 'data': data, **said(name='Ann')}]
            done = {'type': 'approved', **actor, 'data': {'by': 'quorum', 'lapsesAt': instant(now + WEEK)}}
            return votes + [done] * (who == 12)
        return vote
    def run(self, how):
        def run(now):
            data = {'redemption': f'6f9619ff-8b86-4d01-b42d-{rng.getrandbits(48):012x}', 'digest': self.digest}
            actor = {'actor': {'kind': 'agent', 'id': oid(2)}}
            return [{'type': 'redeemed', **actor, 'data': data}, {'type': how, **actor, **said(summary='done')}]
        return run
    def row(self):
        by = {e['type']: e for e in self.events}
        asked, decided = by['requested'], by.get('approved') or by.get('denied') or {}
        data, closed = asked['data'], by.get('denied') or by.get('succeeded') or by.get('failed') or {}
        last = [e['type'] for e in self.events if e['type'] not in ('decided', 'refused')][-1]
        slots = '; '.join(f"{'|'.join(slot['groups'])}:{slot['quorum']}" for slot in data.get('requirement', []))
        voters = '; '.join(e['actor']['id'] for e in self.events if e['type'] == 'decided')
        return ','.join([
            self.id, 'pending' if last == 'requested' else last, data['action'], data['digest'], oid(1), oid(2), '',
            self.kind, '; '.join(data['policy']['rules']), data['policy']['version'], data.get('tier', ''), slots,
            voters, '', asked['at'], decided.get('at', ''), data.get('expiresAt', ''),
            decided.get('data', {}).get('lapsesAt', ''), by.get('redeemed', {}).get('at', ''), closed.get('at', ''),
            '', '', 'AC-6(9); CC6.1' if self.kind == 'approve' else '']) + '\r\n'
    def measured(self, day):
        """What of a day its metrics are about: counts and times, each of whom it counts for."""
        asked, rules = self.events[0], {'approve': ['two-dba'], 'allow': ['restart'], 'no-policy': []}[self.kind]
        own = [('all', ''), *(('rule', rule) for rule in rules), ('agent', oid(1))]
        for event in self.events:
            if second(event['at']) // 86400 != day: continue
            kind, voter = event['type'], ('approver', event['actor'].get('id', ''))
            by = 'people' if self.kind == 'approve' else 'policy'
            if kind == 'requested': yield own, 'asked', None
            if kind in ('approved', 'denied'): yield own, f'{kind}-by-{by}', None
            if kind == 'approved' and by == 'people':
                yield own, 'decide', 1000 * (second(event['at']) - second(asked['at']))
            if kind in ('succeeded', 'failed'): yield own, kind, None
            if kind == 'decided':
                yield own + [voter], 'unseen', None
                yield [voter], 'approve', None
                yield [voter], 'hour', second(event['at']) // 3600

def metrics_of(day, requests):
    """metrics.csv of a day, on which nobody is shown anything."""
    counts, times, hours = collections.Counter(), collections.defaultdict(list), collections.Counter()
    for request in requests:
        for whose, name, value in request.measured(day):
            for who in whose:
                if name == 'hour': hours[who, value] += 1
                elif value is None: counts[who, name] += 1
                else: times[who, name].append(value)
    for (who, _), votes in hours.items(): counts[who, 'busiest-hour'] = max(votes, counts[who, 'busiest-hour'])
    for (who, name), all_of_them in times.items():
        counts[who, f'{name}-n'] = len(all_of_them)
        for percent in (50, 90, 99):
            counts[who, f'{name}-p{percent}'] = sorted(all_of_them)[-(-percent * len(all_of_them) // 100) - 1]
    order = ['all', 'rule', 'agent', 'approver']
    rows = sorted(counts, key=lambda row: (order.index(row[0][0]), row[0][1], row[1]))
    lines = [f'{by},{of},{name},{counts[(by, of), name]}\r\n' for (by, of), name in rows]
    return 'by,of,metric,value\r\nall,,edition,1\r\n' + ''.join(lines)

def commits_of(day, size, requests):
    """Lets requests begin and go on until the day has its records."""
    now, left = day * 86400 + 60, size
    while left:
        now += 30
        waiting = [r for r in requests if r.commits and r.sizes[0] <= left]
        if waiting and rng.random() < 0.6: request = rng.choice(waiting)
        else:
            request = Request('approve' if left == 1 else rng.choice(['approve', 'approve', 'allow', 'no-policy']), now)
            requests.append(request)
        left -= request.sizes.pop(0)
        yield now, request, request.commits.pop(0)(now)
