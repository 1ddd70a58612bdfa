"""Builds the package (PEP 517): one module, so nothing else is needed to install it."""

import base64
import hashlib
import io
import os
import re
import tarfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = ("countersign.py", "backend.py", "pyproject.toml", "README.md")


def _read(name):
    with open(os.path.join(HERE, name), "rb") as file:
        return file.read()


def _setting(name):
    return re.search(rf'^{name} = "(.*)"$', _read("pyproject.toml").decode(), re.MULTILINE)[1]


def _metadata():
    """Core metadata 2.1: https://packaging.python.org/en/latest/specifications/core-metadata/"""
    lines = (
        "Metadata-Version: 2.1",
        f"Name: {_setting('name')}",
        f"Version: {_setting('version')}",
        f"Summary: {_setting('description')}",
        f"License: {_setting('license')}",
        f"Requires-Python: {_setting('requires-python')}",
        "Description-Content-Type: text/markdown",
        "",
        _read("README.md").decode(),
    )
    return "\n".join(lines).encode()


def _base():
    return f"{_setting('name')}-{_setting('version')}"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes the wheel. The same sources give the same bytes."""
    info = f"{_base()}.dist-info"
    tags = "Wheel-Version: 1.0\nGenerator: countersign\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    members = {
        "countersign.py": _read("countersign.py"),
        f"{info}/METADATA": _metadata(),
        f"{info}/WHEEL": tags.encode(),
    }
    record = "".join(f"{name},sha256={_hash(data)},{len(data)}\n" for name, data in members.items())
    members[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    name = f"{_base()}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w", zipfile.ZIP_DEFLATED) as wheel:
        for member, data in members.items():
            # The first moment that a zip can hold.
            entry = zipfile.ZipInfo(member, (1980, 1, 1, 0, 0, 0))
            entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
            wheel.writestr(entry, data)
    return name


def build_sdist(sdist_directory, config_settings=None):
    """Writes the sources, from which the wheel can be built."""
    name = f"{_base()}.tar.gz"
    with tarfile.open(os.path.join(sdist_directory, name), "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for member, data in {**{source: _read(source) for source in SOURCES}, "PKG-INFO": _metadata()}.items():
            entry = tarfile.TarInfo(f"{_base()}/{member}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return name


def _hash(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
