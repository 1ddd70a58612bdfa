"""python3 make.py OUT     writes OUT/events.jsonl and OUT/said.json, and prints the hash of the last event

Written from docs/evidence/events.md alone, so that the product cannot agree with itself by mistake: it shares no code
with it, and needs nothing but Python's own library. The facts are those of drafts.ts.
"""
import datetime, hashlib, json, os, sys

NOON, SHARD = datetime.datetime(2026, 3, 4, 12), '07'

def jcs(value): return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False)
def sha256(text): return hashlib.sha256(text.encode()).hexdigest()
def hex64(pair): return pair * 32
def digest(pair): return 'sha256:' + hex64(pair)
def oid(digit): return digit * 8 + '-0000-4000-8000-000000000000'

REQUEST, LATER = '01kjw2xm00abcdefghjkmnpqrs-07', '2026-03-04T13:00:00.000Z'
ANOTHER = '01kjw2xm00abcdefghjkmnpqrt-07'
AGENT, PERSON = {'kind': 'agent', 'id': oid('a')}, {'kind': 'person', 'id': oid('1')}
POLICY, SYSTEM = {'kind': 'policy'}, {'kind': 'system'}
FACTS = {'accounts': [oid('1'), oid('2')], 'groups': ['dba', 'security'], 'member': True, 'enabled': True,
         'asOf': '2026-03-04T11:59:30.000Z'}
OUTPUT = {'sha256': hex64('5d'), 'size': 1048576}
LISTED = ''.join(oid(digit) + '\n' for digit in '12')

def hold(digit): return '01kjw2xm00' + digit * 16

def fact(type, actor, data=None, request=REQUEST, **said):
    """What happened: `data`, `request` and `said` are absent where there is nothing to say."""
    return {'type': type, 'actor': actor, **({'request': request} if request else {}),
            **({'data': data} if data else {}), **({'said': said} if said else {})}
def judged(verb, pair, executor, outcome, rules, **more):
    return {'action': verb, 'digest': digest(pair), 'executor': oid(executor), 'warnings': [],
            'policy': {'version': digest('01'), 'outcome': outcome, 'rules': rules}, **more}
def of_policy_3(data): return {**data, 'policy': {**data['policy'], 'version': digest('03')}}
def vote(verdict, via, facts=FACTS, **more):
    return {'verdict': verdict, 'via': via, 'content': hex64('c0'), 'facts': facts, **more}
def sight(via, content, facts=FACTS, **more):
    return {'via': via, 'content': hex64(content), 'facts': facts, **more}

def erased(pair, *names, **more):
    return {'event': hex64(pair), 'names': list(names), 'askedBy': oid('7'), 'accounts': [oid('1'), oid('2')], **more}

FACTS_IN_ORDER = [
    fact('policy-changed', SYSTEM, {'to': digest('01')}, request=None),
    fact('requested', AGENT, judged(
        'db.export', 'ac', 'b', 'approve', ['export-needs-dba', 'export-large'], onBehalfOf=oid('3'),
        warnings=['long-target'], tier='high', excluded=[oid('3'), oid('4')], expiresAt=LATER, lapse=3600, grant=300,
        requirement=[{'groups': ['dba'], 'quorum': 2}, {'groups': ['oncall', 'security'], 'quorum': 1}]),
        reason='Quarterly report\nfor "finance", Zürich 😀', links='[{"title":"FIN-881","url":"https://x.example"}]'),
    fact('shown', PERSON, {'view': digest('7e'), 'content': hex64('c0'), 'template': hex64('7a'),
                           'page': 1, 'pages': 2}),
    fact('decided', PERSON, vote('approve', 'teams', view=digest('7e')), name='Dana Übermut'),
    fact('approved', PERSON, {'by': 'quorum', 'lapsesAt': LATER}),
    fact('redeemed', AGENT, {'redemption': '6f9619ff-8b86-4d01-b42d-00c04fc964ff', 'digest': digest('ac')}),
    fact('unreported', SYSTEM),
    fact('succeeded', AGENT, {'output': OUTPUT}, summary='Exit 0'),
    fact('requested', AGENT, judged('service.restart', 'ad', 'a', 'allow', ['restart'], lapse=3600, grant=300),
         reason='Hangs'),
    fact('approved', POLICY, {'by': 'policy', 'rules': ['restart'], 'lapsesAt': LATER}),
    fact('lapsed', SYSTEM),
    fact('requested', AGENT, judged('db.drop', 'ae', 'a', 'no-policy', []), reason='x'),
    fact('denied', POLICY, {'by': 'policy', 'rules': []}),
    fact('decided', PERSON, vote('deny', 'api', {**FACTS, 'accounts': [oid('1')], 'groups': ['dba']}, client=oid('c')),
         name='Dana', reason='Not during the audit.'),
    fact('denied', PERSON, {'by': 'denial'}),
    fact('expired', SYSTEM),
    fact('undeliverable', SYSTEM),
    fact('cancelled', AGENT),
    fact('cancelled', AGENT, reason='No longer needed.'),
    fact('revoked', PERSON, {'facts': FACTS}),
    fact('revoked', PERSON, {'facts': FACTS}, reason='Wrong week.'),
    fact('succeeded', AGENT),
    fact('failed', AGENT, {'output': OUTPUT}),
    fact('failed', AGENT, summary='Exit 1'),
    fact('policy-changed', SYSTEM, {'from': digest('01'), 'to': digest('02')}, request=None),
    fact('key-rotated', SYSTEM, {'key': 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE', 'size': 1234}, request=None),
    fact('erased', PERSON, erased('e0', 'action', 'reason'), why='A secret.'),
    fact('decided', PERSON, vote('approve', 'console', view=digest('7e'), client=oid('d'), proved='c1'),
         name='Dana', reason='As agreed.'),
    fact('decided', PERSON, vote('approve', 'slack', view=digest('7e')), name='Dana'),
    fact('decided', PERSON, vote('approve', 'cli', client=oid('e'), proved='c25'), name='Dana'),
    fact('revoked', PERSON, {'facts': FACTS}, name='Dana', reason='Wrong week.'),
    fact('erased', PERSON, erased('e1', 'links', 'name', 'summary'), why='They asked for it.'),
    fact('revoked', PERSON, {'client': oid('c'), 'facts': FACTS}),
    fact('erased', PERSON, erased('e2', 'reason', client=oid('c')), why='A secret.'),
    fact('vote-void', SYSTEM, {'vote': hex64('d1'), 'why': 'left',
                               'facts': {**FACTS, 'groups': [], 'member': False, 'enabled': False}}),
    fact('vote-void', SYSTEM, {'vote': hex64('d2'), 'why': 'excluded', 'facts': FACTS}),
    fact('revoked', POLICY, {'rules': ['freeze', 'no-exports']}),
    fact('vote-void', SYSTEM, {'vote': hex64('d3'), 'why': 'duplicate', 'facts': FACTS}),
    fact('tampered', PERSON, {'from': 12, 'to': 15, 'check': 'mac'}, request=None, why='A leaked key.'),
    fact('tampered', PERSON, {'from': 2, 'to': 9, 'check': 'events', 'client': oid('c')}, why='A leaked key.'),
    fact('requested', AGENT, judged(
        'db.export', 'af', 'b', 'approve', ['export-needs-dba'], onBehalfOf=oid('3'), warnings=['approver-excluded'],
        tier='low', excluded=[oid('3'), oid('4'), oid('5')], excludedByAgent=[oid('3'), oid('5')], expiresAt=LATER,
        lapse=3600, grant=300, requirement=[{'groups': ['dba'], 'quorum': 1}]), reason='As they said.'),
    fact('erasure-asked', PERSON, {'names': ['action', 'reason'], 'accounts': [oid('1'), oid('2')]}, why='A secret.'),
    fact('erasure-asked', PERSON, {'names': ['name'], 'accounts': [oid('1')], 'client': oid('c')}, why='GDPR.'),
    fact('requested', AGENT, judged(
        'role.grant', 'af', 'a', 'approve', ['role-needs-security'], tier='medium', excluded=[], expiresAt=LATER,
        lapse=3600, grant=300, requirement=[{'groups': ['security'], 'quorum': 1}], via=['console', 'teams'],
        private=True), reason='On call'),
    fact('requested', AGENT, judged(
        'role.revoke', 'af', 'a', 'approve', ['role-needs-security'], tier='medium', excluded=[oid('4')],
        expiresAt=LATER, lapse=3600, grant=300, requirement=[{'groups': ['security'], 'quorum': 1}]), reason='Left',
        owner='Dana Díaz'),
    fact('exported', PERSON, {'file': 'bundle', 'date': '2026-03-03', 'client': oid('c')}, request=None),
    fact('exported', PERSON, {'file': 'said', 'date': '2026-02-28'}, request=None),
    fact('policy-changed', SYSTEM, {'from': digest('02'), 'to': digest('03')}, request=None,
         ref='4d13ddb by Ann Li, CHG0031337'),
    fact('refused', PERSON, {'act': 'decide', 'code': 'self-approval', 'via': 'teams'}),
    fact('refused', PERSON, {'act': 'view', 'code': 'borrowed-token', 'client': oid('c')}),
    fact('refused', AGENT, {'act': 'redeem', 'code': 'grant-invalid'}),
    fact('roster', SYSTEM, {'group': 'dba', 'date': '2026-03-04', 'digest': 'sha256:' + sha256(LISTED), 'count': 2},
         request=None, members=LISTED),
    fact('roster', SYSTEM, {'group': 'all-staff', 'entraGroup': oid('d'), 'date': '2026-03-04', 'digest': digest('b0'),
                            'count': 5001}, request=None),
    fact('held', PERSON, {'hold': hold('a'), 'scope': {'request': REQUEST}, 'client': oid('c')}, request=None,
         why='Case 4711: the regulator asked for it.'),
    fact('held', PERSON, {'hold': hold('b'), 'scope': {'agent': oid('a')}}, request=None, why='Audit'),
    fact('held', PERSON, {'hold': hold('c'), 'scope': {'from': '2026-02-01', 'to': '2026-02-28'}}, request=None),
    fact('released', PERSON, {'hold': hold('a'), 'client': oid('c')}, request=None, why='Case 4711 is closed.'),
    fact('released', PERSON, {'hold': hold('b')}, request=None),
    fact('requested', AGENT, {**judged(
        'db.export', 'ac', 'a', 'approve', ['export-needs-dba'], tier='medium', excluded=[oid('4')], expiresAt=LATER,
        lapse=3600, grant=300, requirement=[
            {'groups': ['dba'], 'later': {'after': 1800, 'groups': ['oncall', 'sre']}, 'quorum': 2},
            {'groups': ['security'], 'quorum': 1}],
        answer={'latest': LATER, 'within': 900}, remind=[-600, 900], glass={'groups': ['incident'], 'review': 86400}),
        'policy': {'version': digest('03'), 'outcome': 'approve', 'rules': ['export-needs-dba']}},
        reason='Quarterly report'),
    fact('asked', PERSON, sight('teams', 'c0', view=digest('7e'), expiresAt=LATER), name='Dana',
         question='Why all rows?'),
    fact('asked', PERSON, sight('api', 'c0', client=oid('c')), name='Dana', question='Which ticket?'),
    fact('answered', AGENT, {'question': hex64('a5'), 'warnings': ['mixed-scripts']}, answer='FIN-881'),
    fact('answered', PERSON, {'question': hex64('a6'), 'warnings': [], 'client': oid('c'),
                              'facts': {**FACTS, 'groups': []}}, answer='The auditors want all of them.', name='Olga'),
    fact('reminded', SYSTEM, {'round': 1}),
    fact('escalated', SYSTEM, {'groups': ['oncall', 'sre']}),
    fact('glass-broken', PERSON, sight('teams', 'a1', {**FACTS, 'groups': ['incident']}, view=digest('7e'),
                                       reviewBy=LATER), name='Ira', reason='The site is down.'),
    fact('approved', PERSON, {'by': 'glass', 'lapsesAt': LATER}),
    fact('reviewed', PERSON, {'finding': 'justified', 'facts': FACTS}, name='Dana', reason='It was down.'),
    fact('reviewed', PERSON, {'finding': 'unjustified', 'client': oid('c'), 'facts': FACTS}, name='Dana',
         reason='It was not.'),
    fact('unreviewed', SYSTEM),
    fact('requested', AGENT, of_policy_3(judged(
        'db.export', '57', 'a', 'approve', ['export-needs-dba'], tier='medium', excluded=[oid('4')], expiresAt=LATER,
        lapse=14400, grant=300, requirement=[{'groups': ['dba'], 'quorum': 1}], standing={'uses': 20})),
        reason='The quarterly exports'),
    fact('requested', AGENT, of_policy_3(judged(
        'db.export', '58', 'a', 'approve', ['export-needs-dba'], tier='medium', excluded=[oid('4')], expiresAt=LATER,
        lapse=300, grant=300, requirement=[{'groups': ['dba'], 'quorum': 1}], under=REQUEST)), request=ANOTHER,
        reason='FIN-882'),
    fact('used', AGENT, {'use': 20, 'request': ANOTHER, 'digest': digest('58')}),
    fact('ended', SYSTEM, {'by': 'uses'}),
    fact('approved', POLICY, {'by': 'standing', 'lapsesAt': LATER, 'standing': REQUEST, 'use': 20}, request=ANOTHER),
    fact('ended', SYSTEM, {'by': 'time'}, request=ANOTHER),
    fact('delegated', PERSON, {'to': oid('5'), 'groups': ['dba', 'security'], 'until': LATER, 'client': oid('c')},
         request=None, reason='On leave'),
    fact('delegated', PERSON, {'to': oid('5'), 'groups': ['dba'], 'until': LATER}, request=None),
    fact('decided', {'kind': 'person', 'id': oid('5')}, vote('approve', 'api', facts={
        'accounts': [oid('1'), oid('2'), oid('5')], 'groups': ['dba'], 'member': True, 'enabled': True,
        'asOf': FACTS['asOf'], 'for': {'accounts': [oid('1'), oid('2')], 'groups': ['dba'], 'event': hex64('d0'),
                                       'until': LATER}}), name='Dora', **{'for': 'Dana'}),
    fact('recalled', PERSON, {'event': hex64('d0'), 'client': oid('c')}, request=None),
    fact('recalled', PERSON, {'event': hex64('d1')}, request=None),
    fact('requested', AGENT, of_policy_3(judged(
        'db.export', '59', 'a', 'approve', ['export-needs-dba'], tier='medium', excluded=[oid('4')], expiresAt=LATER,
        lapse=3600, grant=300, requirement=[{'groups': ['dba'], 'quorum': 1}], narrowable=['rows', 'tables'])),
        reason='FIN-883'),
    fact('narrowed', PERSON, sight('teams', 'c7', view=digest('d7'), proved='c1', digest=digest('5a'),
                                   params=['rows', 'tables'], policy=digest('03')),
         edits='{"params":{"rows":1000,"tables":["accounts"]}}', name='Dana', reason='A tenth is enough.'),
    fact('narrowed', PERSON, sight('api', 'c8', client=oid('c'), digest=digest('5b'), policy=digest('03'),
                                   standing={'uses': 5, 'seconds': 3600}), request=ANOTHER,
         edits='{"standing":{"for":3600,"uses":5}}', name='Dana'),
]

def main(out):
    prev, lines, texts = '0' * 64, [], []
    for seq, event in enumerate(FACTS_IN_ORDER, 1):
        at = (NOON + datetime.timedelta(seconds=seq - 1)).isoformat() + '.000Z'
        said = {}
        for name, text in event.get('said', {}).items():
            salt = f'{len(texts) + 1:032x}'
            said[name] = sha256(jcs({'salt': salt, 'text': text}))
            texts.append({'seq': seq, 'name': name, 'salt': salt, 'text': text, 'digest': said[name]})
        place = {'v': 1, 'at': at, 'shard': SHARD, 'seq': seq, 'prev': prev}
        lines.append(jcs({**event, **place, **({'said': said} if said else {})}))
        prev = sha256('\0' + lines[-1])
    with open(os.path.join(out, 'events.jsonl'), 'w', encoding='utf-8') as file:
        file.writelines(line + '\n' for line in lines)
    with open(os.path.join(out, 'said.json'), 'w', encoding='utf-8') as file:
        file.write('[\n' + ',\n'.join('  ' + json.dumps(text, ensure_ascii=False) for text in texts) + '\n]\n')
    print(prev)

if __name__ == '__main__': main(sys.argv[1])
