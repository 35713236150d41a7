"""Tags: what a text says, which spellings are one, which code a value stands for."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import tags
from helpers.errors import InputError


@pytest.mark.parametrize(("text", "found"), [
    ('{"App": "Booking"}', {"App": "Booking"}),
    ('"App": "Booking","env": "prod"', {"App": "Booking", "env": "prod"}),
    ('[{"key": "app", "value": "booking"}]', {"app": "booking"}),
    ("app:booking;env=prod", {"app": "booking", "env": "prod"}),
    ("url=http://x", {"url": "http://x"}),
    ('{"n": 007}', {tags.UNREADABLE: '{"n": 007}'}),
    ('{"n": 1.50, "none": null, "b": true}', {"n": "1.50", "none": "", "b": "true"}),
    ("", {}), ("NULL", {}), ("{}", {}),
    ("<script>alert(1)</script>", {tags.UNREADABLE: "<script>alert(1)</script>"}),
])
def test_a_text_is_read_in_each_of_its_forms_and_garbage_is_kept_under_its_own_name(text, found):
    assert tags.parse(text) == found


@given(st.text())
def test_no_text_breaks_the_reader_and_none_with_content_is_lost(text):
    found = tags.parse(text)
    assert all(isinstance(value, str) for pair in found.items() for value in pair)
    assert found or text.strip().lower() in tags.BLANKS or not text.strip(" ;,\n\t")


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_what_the_cube_writes_comes_back_as_it_was(found):
    assert tags.parse(json.dumps(found, sort_keys=True)) == found


@pytest.mark.parametrize("written", ["TRACKING", "Tracking", "TRACKING ", "track_ing", "track-ing",
                                     " tracking\u00a0", "ＴＲＡＣＫＩＮＧ",
                                     "track\u200bing"])
def test_case_blanks_separators_and_invisible_characters_do_not_count(written):
    assert tags.fold(written) == "tracking"


@pytest.mark.parametrize(("one", "other"), [("C++", "C#"), ("a1", "a2"), ("straße1", "strasse2")])
def test_values_that_differ_in_anything_else_stay_apart(one, other):
    assert tags.fold(one) != tags.fold(other)


def test_the_first_key_of_the_list_wins_whatever_its_spelling():
    found = {"app": "b", "APP_ID": "c", "Application": ""}
    assert tags.choose(found, ["application", "app-id", "app"]) == ("APP_ID", "c")
    assert tags.choose(found, ["owner"]) == ("", "")


def test_pick_gives_one_row_a_distinct_text():
    picked = tags.pick(['{"app": "X"}', '{"app": "X"}', ""], {"application": ["app"], "owner": ["owner"]})
    assert picked["application"].to_dict() == {"": "", '{"app": "X"}': "X"}
    assert set(picked["owner"]) == {""}


BOOK = tags.Book(["TRACKING", "EDI-HUB"], [("Track and Trace", "TRACKING"), ("Hub", "EDI-HUB"), ("Hub", "TRACKING")],
                 [("tracking-app", "tracking")])


@pytest.mark.parametrize(("value", "code"), [("edi hub", "EDI-HUB"), ("TRACK AND TRACE", "TRACKING"),
                                             ("Tracking App", "TRACKING"), ("hub", ""), ("trackin", ""), ("", "")])
def test_a_value_is_found_by_code_name_or_alias_and_never_by_being_near(value, code):
    assert BOOK.find(value) == code


def test_a_near_miss_is_suggested():
    assert BOOK.nearest("trackin") == "TRACKING"
    assert BOOK.nearest("zzz") == ""


def test_half_a_character_in_a_tag_is_replaced_not_carried():
    assert tags.parse('{"Owner": "Ann \\ud83d"}') == {"Owner": "Ann ?"}


def test_codes_that_read_the_same_are_refused():
    with pytest.raises(InputError, match="inputs.applications, column application: BI and bi; expected codes that differ"):
        tags.Book(["BI", "bi"])
