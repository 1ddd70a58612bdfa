"""The package: what is installed, from what, and without a network."""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile

from world import Case, countersign

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
FOLDER = os.path.join(ROOT, "clients/python")


def load(file):
    spec = importlib.util.spec_from_file_location("backend", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def digest(file):
    with open(file, "rb") as opened:
        return hashlib.sha256(opened.read()).hexdigest()


class Package(Case):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.out = temporary.name
        self.backend = load(os.path.join(FOLDER, "backend.py"))

    def test_the_wheel_holds_the_module_and_can_be_imported(self):
        wheel = os.path.join(self.out, self.backend.build_wheel(self.out))
        with zipfile.ZipFile(wheel) as opened:
            self.assertIsNone(opened.testzip())
            self.assertEqual([name for name in opened.namelist() if "/" not in name], ["countersign.py"])
            metadata = opened.read(f"countersign-{countersign.__version__}.dist-info/METADATA").decode()
            record = opened.read(f"countersign-{countersign.__version__}.dist-info/RECORD").decode()
        self.assertIn("\nRequires-Python: >=3.9\n", metadata)
        self.assertNotIn("Requires-Dist", metadata)
        self.assertEqual(len(record.splitlines()), 4)
        code = "import countersign; print(countersign.__version__, countersign.__file__)"
        said = subprocess.run(
            [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {wheel!r}); {code}"], stdout=-1
        )
        self.assertEqual(said.stdout.decode().split()[0], countersign.__version__)

    def test_the_same_sources_give_the_same_wheel_and_the_sdist_gives_it_too(self):
        first = digest(os.path.join(self.out, self.backend.build_wheel(self.out)))
        sdist = os.path.join(self.out, self.backend.build_sdist(self.out))
        with tarfile.open(sdist) as archive:
            archive.extractall(self.out)
        unpacked = sdist[: -len(".tar.gz")]
        again = load(os.path.join(unpacked, "backend.py"))
        self.assertEqual(digest(os.path.join(unpacked, again.build_wheel(unpacked))), first)

    @unittest.skipUnless(importlib.util.find_spec("pip"), "needs pip")
    def test_pip_installs_it_without_a_network(self):
        target = os.path.join(self.out, "installed")
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "-q",
            "install",
            "--no-index",
            "--no-cache-dir",
        ]
        subprocess.run([*pip, "--target", target, FOLDER], check=True, stdout=subprocess.DEVNULL)
        self.assertEqual(digest(os.path.join(target, "countersign.py")), digest(os.path.join(FOLDER, "countersign.py")))

    def test_versions_are_one(self):
        with open(os.path.join(ROOT, "package.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["version"], countersign.__version__)
        self.assertEqual(self.backend._setting("version"), countersign.__version__)


if __name__ == "__main__":
    unittest.main()
