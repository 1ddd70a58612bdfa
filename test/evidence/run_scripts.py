"""python3 run_scripts.py     runs Python programs, one after the other

To start Python and to load `cryptography` takes longer than to verify a small bundle. A line of stdin is a command in
JSON: the path of a program, and its arguments. A line of stdout answers it: {"status", "stdout", "stderr"}. Every run is
a process of its own, forked from this one, which has read Python's modules already; so it leaves nothing to the next.
"""
import base64, datetime, functools, hashlib, json, os, re, runpy, shutil, signal, subprocess, sys, tempfile
try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
except ImportError: pass  # so it is with `python3 -S`

sys.dont_write_bytecode = True

def run(command):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            for file, fd in (out, 1), (err, 2): os.dup2(file.fileno(), fd)
            signal.alarm(60)  # a run that waits for a pipe ends with a signal, and not with a status
            sys.argv, code = command, 1
            try:
                runpy.run_path(command[0], run_name='__main__')
                code = 0
            except SystemExit as end:  # with a text instead of a number, Python prints it and fails
                code = end.code if isinstance(end.code, int) else 1 if end.code else 0
                if isinstance(end.code, str): print(end.code, file=sys.stderr)
            except BaseException as error: print('Traceback', repr(error), file=sys.stderr)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for file in out, err:
            file.seek(0)
            texts.append(file.read().decode())
        return {'status': status, 'stdout': texts[0], 'stderr': texts[1]}

for line in sys.stdin: print(json.dumps(run(json.loads(line))), flush=True)
