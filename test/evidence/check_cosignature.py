"""python3 check_cosignature.py NOTE KEY     checks a cosignature of a C2SP checkpoint with openssl

NOTE is a file with a signed note; KEY is the verifier key of a witness, <name>+<key id>+<base64>. Prints the time of the
cosignature, in seconds since 1970. Nothing of Countersign is used.
"""
import base64, hashlib, os, subprocess, sys, tempfile

note = open(sys.argv[1], encoding='utf-8', newline='').read()
name, key_id, encoded = sys.argv[2].split('+', 2)
typed = base64.b64decode(encoded, validate=True)
if typed[0] != 4 or hashlib.sha256(name.encode() + b'\n' + typed).hexdigest()[:8] != key_id: sys.exit('a bad key')
text, lines = note.rsplit('\n\n', 1)
for line in lines.splitlines():
    dash, signer, signature = line.split(' ')
    signature = base64.b64decode(signature, validate=True)
    if (dash, signer, signature[:4].hex()) != ('—', name, key_id): continue
    time = int.from_bytes(signature[4:12], 'big')
    with tempfile.TemporaryDirectory() as folder:
        def put(file, content):
            path = os.path.join(folder, file)
            with open(path, 'wb') as out: out.write(content)
            return path
        key = put('key', bytes.fromhex('302a300506032b6570032100') + typed[1:])  # RFC 8410
        message = put('message', f'cosignature/v1\ntime {time}\n{text}\n'.encode())
        openssl = ['openssl', 'pkeyutl', '-verify', '-pubin', '-keyform', 'DER', '-inkey', key, '-rawin']
        done = subprocess.run(openssl + ['-in', message, '-sigfile', put('signature', signature[12:])], capture_output=True)
    if done.returncode != 0: sys.exit('it does not hold')
    print(f'cosigned at {time}')
