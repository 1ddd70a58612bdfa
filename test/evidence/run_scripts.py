"""python3 run_scripts.py     runs Python programs in one interpreter, one after the other

To start Python and to load `cryptography` takes longer than to verify a small bundle. A line of stdin is a command in
JSON: the path of a program, and its arguments. A line of stdout answers it: {"status", "stdout", "stderr"}.
"""
import contextlib, io, json, os, runpy, sys, traceback

sys.dont_write_bytecode = True
here = os.getcwd()
for line in sys.stdin:
    sys.argv, status, out, err = json.loads(line), 0, io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try: runpy.run_path(sys.argv[0], run_name='__main__')
        except SystemExit as end:  # with a text instead of a number, Python prints it and fails
            status = end.code if isinstance(end.code, int) else 1 if end.code else 0
            if isinstance(end.code, str): print(end.code, file=sys.stderr)
        except BaseException:
            traceback.print_exc()
            status = 1
    os.chdir(here)
    print(json.dumps({'status': status, 'stdout': out.getvalue(), 'stderr': err.getvalue()}), flush=True)
