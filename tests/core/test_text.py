"""Text that is safe to show and to write."""

import json
import tomllib
import unicodedata

import pytest

from nnfd.core.text import ascii_json, counted, printable, toml_text

ACTING = "\x00\x1b\x7f\x9b\u200b\u200e\u200f\u202a\u202e\u2066\u2069\u2028\u2029\ufeff\u00ad\U000e0041"


def test_what_acts_is_replaced_character_by_character():
    assert printable("a\x1b[31m\nb\x7f") == "a␛[31m␊b␡"
    assert printable(f"{ACTING}\udc80").isprintable()
    assert len(printable(ACTING)) == len(ACTING)


@pytest.mark.parametrize("text", ["猫", "naïve", "e\u0301", "\u00a0", "\u3000", "🦒", "\ue0b0", "شعر"])
def test_what_is_seen_stays(text):
    assert printable(text) == text


def test_json_is_equal_and_ascii():
    line = json.dumps({ACTING: "猫🦒"}, ensure_ascii=False)
    assert ascii_json(line).isascii()
    assert ascii_json(line).isprintable()
    assert json.loads(ascii_json(line)) == json.loads(line)


def test_toml_is_equal_and_printable():
    text = f'{ACTING} 猫 \\ "'
    assert toml_text(text).isprintable()
    assert tomllib.loads(f"a = {toml_text(text)}")["a"] == text
    assert all(unicodedata.category(c) != "Cf" for c in toml_text(text))


def test_one_thing_is_not_many():
    assert [counted(number, "run") for number in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]
