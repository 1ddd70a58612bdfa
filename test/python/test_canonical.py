"""The canonical form, digests and keys, against what the service and the TypeScript client make of the same values."""

import ast
import enum
import json
import os
import random
import sys
import unittest

from world import Case, action, client, countersign, http, key

ROOT = os.path.join(os.path.dirname(__file__), "../..")
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
chance = random.Random(SEED)

SPECIAL = (0.0, 1e21, 1e20, 999999999999999900000.0, 1e-6, 1e-7, 1.5e-7, 0.1, 100.0, 5e-324, 1.7976931348623157e308)
CHARACTERS = 'ab"\\/\n\t\b\x00\x1f\x7f\x80\u00e9\u2028\u2029\ue000\uffff\U0001f600'


def scalar():
    return chance.choice(
        (
            lambda: chance.uniform(-1, 1) * 10.0 ** chance.randint(-30, 30),
            lambda: chance.choice((-1, 1)) * chance.choice(SPECIAL),
            lambda: chance.randint(-(2**53) + 1, 2**53 - 1),
            lambda: float(chance.randint(-(10**25), 10**25)),
            text,
            lambda: chance.choice((True, False, None)),
        )
    )()


def text():
    return "".join(chance.choice(CHARACTERS) for _ in range(chance.randrange(6)))


def value(depth=0):
    if depth > 3 or chance.random() < 0.4:
        return scalar()
    if chance.random() < 0.4:
        return [value(depth + 1) for _ in range(chance.randrange(4))]
    return {text() + chance.choice(("", "10", "9", "\ufb33", "\U00010000")): value(depth + 1) for _ in range(4)}


class Word(str, enum.Enum):
    ONE = "one"


class Canonical(Case):
    def test_random_values_are_written_as_the_service_writes_them(self):
        print(f"SEED={SEED}", file=sys.stderr)
        values = [value() for _ in range(3000)]
        theirs = http("/control/canonical", values)
        for one, wanted in zip(values, theirs):
            self.assertEqual(countersign.canonical(one), wanted)

    def test_random_params_have_the_digest_of_the_service(self):
        for _ in range(20):
            wanted = action("tool.read", **{f"k{i}": self.accepted(value()) for i in range(3)})
            request = client().ask(wanted, reason="A test", key=key())
            self.assertEqual(request["digest"], countersign.digest_of(wanted))

    def accepted(self, one):
        """What is left of a value after what the service takes in no params, as it shows to nobody."""
        if isinstance(one, dict):
            return {f"k{i}\U00010000"[: 2 + i % 2]: self.accepted(member) for i, member in enumerate(one.values())}
        if isinstance(one, list):
            return [self.accepted(item) for item in one]
        if isinstance(one, float) and one.is_integer() and abs(one) > 2**53 - 1:
            return one / 10**300
        return one

    def test_what_the_service_refuses_is_refused_with_its_pointer_before_it_is_sent(self):
        circle = []
        circle.append(circle)
        cases = [
            ({"a": [1, float("nan")]}, "/params/a/1"),
            ({"a": float("-inf")}, "/params/a"),
            ({"a/b": {"~": 2**53}}, "/params/a~1b/~0"),
            ({"a": -(2**53)}, "/params/a"),
            ({"a": 1e16}, "/params/a"),
            ({"a": 10**5000}, "/params/a"),
            ({"a": "\ud800"}, "/params/a"),
            ({"a": {"\udc00": 1}}, "/params/a"),
            ({"a": {1: 2}}, "/params/a"),
            ({"a": {"": 2}}, "/params/a"),
            ({"a": {"__proto__": 2}}, "/params/a"),
            ({"a": b"bytes"}, "/params/a"),
            ({"a": {1, 2}}, "/params/a"),
            ({"a": object()}, "/params/a"),
        ]
        for params, pointer in cases:
            wanted = {**action("tool.read"), "params": params}
            work = lambda wanted=wanted: client().gate(wanted, lambda _: None, reason="A test", key=key())
            self.assertEqual(self.ends(countersign.Refused, "invalid-input", work).pointer, pointer)
        self.ends(
            countersign.Refused, "invalid-input", lambda: countersign.digest_of({**action(), "params": {"a": circle}})
        )
        self.ends(countersign.Refused, "invalid-input", lambda: countersign.digest_of({**action(), "target": None}))

    def test_numbers_that_it_sends_are_numbers_that_the_service_takes(self):
        for number in (2**53 - 1, -(2**53) + 1, -0.0, 0.30000000000000004, 1e-7, 5e-324, 100.0):
            request = client().ask(action("tool.read", a=number), reason="A test", key=key())
            self.assertEqual(request["params"], {"a": number})

    def test_values_that_are_like_json_are_copied_as_json(self):
        wanted = action("tool.read", a=(1, 2), b=Word.ONE, c=True)
        got = client().gate(wanted, lambda approved: approved, reason="A test", key=key())
        self.assertEqual(got["params"], {"a": [1, 2], "b": "one", "c": True})
        self.assertIs(type(got["params"]["b"]), str)


class Keys(Case):
    def test_keys_are_those_of_the_typescript_client(self):
        with open(os.path.join(ROOT, "test/client/keys.json"), encoding="utf-8") as file:
            vectors = json.load(file)
        for vector in vectors["keys"]:
            self.assertEqual(countersign.key_of(*vector["parts"]), vector["key"])
            self.assertLessEqual(len(vector["key"]), 255)
        for parts in [*vectors["refused"], [1], [None]]:
            self.ends(countersign.Refused, "invalid-input", lambda parts=parts: countersign.key_of(*parts))


class Source(Case):
    def test_the_client_is_python_3_9_and_imports_the_standard_library_alone(self):
        with open(countersign.__file__, encoding="utf-8") as file:
            tree = ast.parse(file.read(), feature_version=(3, 9))
        imported = {
            name.split(".")[0]
            for node in ast.walk(tree)
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module] if isinstance(node, ast.ImportFrom) else []
            )
        }
        self.assertGreater(len(imported), 10)
        if hasattr(sys, "stdlib_module_names"):
            self.assertEqual(imported - sys.stdlib_module_names, set())

    def test_what_is_exported_has_a_docstring(self):
        for name in countersign.__all__:
            exported = getattr(countersign, name)
            self.assertTrue(exported.__doc__, name)
            for member in vars(exported) if isinstance(exported, type) else ():
                found = getattr(exported, member)
                if callable(found) and not member.startswith("_"):
                    self.assertTrue(found.__doc__, f"{name}.{member}")


if __name__ == "__main__":
    unittest.main()
