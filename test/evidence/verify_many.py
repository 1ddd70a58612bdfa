"""python3 verify_many.py SCRIPT <LIST     runs verify.py for each line ["LOG.pem", "DIR"] of LIST

Prints a line [exit status, standard output, standard error] for each. Every run is a process of its own, forked from one
that has read Python's modules already: so a run costs a few milliseconds, and cannot leave anything to the next.
"""
import base64, datetime, functools, hashlib, json, os, re, runpy, shutil, signal, subprocess, sys, tempfile
try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
except ImportError: pass  # so it is with `python3 -S`

def run(script, args):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            for file, fd in (out, 1), (err, 2): os.dup2(file.fileno(), fd)
            signal.alarm(60)  # a run that waits for a pipe ends with a signal, and not with a status
            sys.argv = [script, *args]
            code = 1
            try: runpy.run_path(script, run_name='__main__')
            except SystemExit as end: code = end.code or 0
            except BaseException as error: print('Traceback', repr(error), file=sys.stderr)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code if isinstance(code, int) else 1)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for file in out, err:
            file.seek(0)
            texts.append(file.read().decode())
        return [status, *texts]

for line in sys.stdin: print(json.dumps(run(sys.argv[1], json.loads(line))), flush=True)
