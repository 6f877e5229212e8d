"""Names of arrays as names of members of an archive, and back."""

from __future__ import annotations

import random

import pytest

from nengolab.saving.archive import array_name, member_name


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("a -> b.weights", "a to b.weights"),
        ("vision/hidden.encoders", "vision/hidden.encoders"),
        ("a to b.bias", "a %74o b.bias"),
        ("../x", "%2E%2E/x"),
        ("/etc/x", "%2Fetc/x"),
        ("a\\b: c?", "a%5Cb%3A c%3F"),
        ("100%.x", "100%25.x"),
        ("con/AUX.bias", "%63on/%41UX.bias"),
        ("@state/x", "%40state/x"),
        ("Sehrinde é → ü", "Sehrinde é → ü"),
        ("x. ", "x.%20"),
    ],
)
def test_names_of_members(name, member):
    assert member_name(name) == member
    assert array_name(member) == name


def test_any_name_is_a_member_and_comes_back():
    pieces = ["to", "-", ">", " ", "/", ".", "%", "@", "con", "\\", "..", "%2F", " -> ", " to "]
    pieces += ["é", ".npy", "\0", "\n", "\ud800", "a", "b"]
    draw = random.Random(0)
    seen = {}
    for _ in range(20_000):
        name = "".join(draw.choice(pieces) for _ in range(draw.randint(1, 7)))
        member = member_name(name)
        assert array_name(member) == name
        assert seen.setdefault(member, name) == name
        parts = member.split("/")
        assert all(p and p not in (".", "..") and p[0] != " " and p[-1] not in ". " for p in parts)
        assert not set(member) & set('<>:"|?*\\\0\n')
        assert member[0] != "@"
