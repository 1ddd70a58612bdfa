"""python3 sample.py      prints sample.json

Picks samples as docs/evidence/report.md says, without any of our code: of each request SHA-256 of the seed, a newline and
the request's id; the smallest are the sample.
"""
import hashlib, json

DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'

def number(i): return ''.join(DIGITS[(i * 7 + k * k * 11) % 32] for k in range(16))
IDS = ['01kjw2xm%s%s-%02x' % (DIGITS[i // 32], DIGITS[i % 32] + number(i), i % 16) for i in range(200)]
ORDERS = [('2026-Q1', 5), ('2026-Q1', 25), ('Prüfung 7', 3), ('', 1), ('2026-Q1', 500)]

def rank(seed, request): return hashlib.sha256((seed + '\n' + request).encode()).hexdigest()
def sample(seed, size): return sorted((rank(seed, one), one) for one in IDS)[:size]

print(json.dumps({
    'ids': IDS,
    'samples': [{'seed': seed, 'size': size, 'picked': [{'id': one, 'rank': found} for found, one in sample(seed, size)]}
                for seed, size in ORDERS],
}, ensure_ascii=False, indent=1))
