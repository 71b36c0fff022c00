"""Bodies are decoded strictly: what is not exactly meant is refused, with the field at fault."""

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from entrypoints.http.problems import MalformedRequest
from entrypoints.http.strict_request import decode_strictly


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """Part of a body."""

    amount: Annotated[int, Meta(ge=1)]
    note: Annotated[str, Meta(max_length=5, pattern=r"^[a-z]*$")] | None = None


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """A body."""

    lines: list[Line]
    total: int = 0
    express: bool = False
    metadata: dict[str, Any] | None = None


def refusal_of(body: bytes, kind: Any = Order) -> tuple[str, str | None]:
    """The code, and the pointer if there is one."""
    with pytest.raises(MalformedRequest) as refusal:
        decode_strictly(body, kind)
    assert refusal.value.kind.status == 400
    errors = refusal.value.errors
    assert len(errors) <= 1
    return refusal.value.kind.code, errors[0].pointer if errors else None


def test_a_good_body_is_decoded() -> None:
    body = b'{"lines":[{"amount":1500,"note":"shoes"}],"metadata":{"size":"42","tags":[1.5,null,true]}}'
    assert decode_strictly(body, Order) == Order(
        lines=[Line(amount=1500, note="shoes")], metadata={"size": "42", "tags": [1.5, None, True]}
    )


@pytest.mark.parametrize(
    "amount",
    ["1.5", "1.0", "1e3", "1E3", "1e-3", "10e0", '"1500"', "true", "null", "[]", "{}", "[1]", "0", "-1", "-0", "0.0"],
)
def test_an_amount_is_a_whole_number_and_nothing_like_it(amount: str) -> None:
    body = f'{{"lines":[{{"amount":1}},{{"amount":{amount}}}]}}'.encode()
    assert refusal_of(body) == ("invalid_field", "#/lines/1/amount")


@pytest.mark.parametrize("amount", ["01", "+1", ".5", "1.", "1x", "1_000", "NaN", "Infinity", "-Infinity", "\u0661"])
def test_what_json_does_not_call_a_number_is_none(amount: str) -> None:
    assert refusal_of(f'{{"lines":[{{"amount":{amount}}}]}}'.encode()) == ("invalid_json", None)


def test_an_amount_keeps_every_digit() -> None:
    """2^53 + 1 is what a decoder that goes through floats loses."""
    assert decode_strictly(b'{"lines":[{"amount":9007199254740993}]}', Order).lines[0].amount == 2**53 + 1


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    digits = b"1" * 5000
    assert refusal_of(b'{"lines":[{"amount":%s}]}' % digits) == ("invalid_field", "#/lines/0/amount")
    assert refusal_of(b'{"lines":[],"metadata":{"n":%s}}' % digits) == ("invalid_field", "#/metadata")


@pytest.mark.parametrize("express", ["1", "0", '"true"', '"yes"', "null"])
def test_a_yes_or_no_is_true_or_false(express: str) -> None:
    body = f'{{"lines":[],"express":{express}}}'.encode()
    assert refusal_of(body) == ("invalid_field", "#/express")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"lines":[],"totl":1}', "#/totl"),
        (b'{"lines":[{"amount":1},{"amount":1,"amout":1}]}', "#/lines/1/amout"),
        (b'{"lines":[],"a/b~c":1}', "#/a~1b~0c"),
        (b'{"lines":[],"":1}', "#/"),
    ],
)
def test_a_field_we_do_not_know_is_refused_and_named(body: bytes, pointer: str) -> None:
    assert refusal_of(body) == ("invalid_field", pointer)


@pytest.mark.parametrize(
    ("body", "pointer"), [(b"{}", "#/lines"), (b'{"lines":[{"amount":1},{"note":"shoes"}]}', "#/lines/1/amount")]
)
def test_a_missing_field_is_named(body: bytes, pointer: str) -> None:
    assert refusal_of(body) == ("invalid_field", pointer)


@pytest.mark.parametrize("note", ["toolong", "UP"])
def test_a_text_out_of_bounds_is_named(note: str) -> None:
    body = f'{{"lines":[{{"amount":1,"note":"{note}"}}]}}'.encode()
    assert refusal_of(body) == ("invalid_field", "#/lines/0/note")


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"{}"', b"true"])
def test_a_body_that_is_no_object_is_refused_as_a_whole(body: bytes) -> None:
    assert refusal_of(body) == ("invalid_field", "#")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"lines":[],"total":1,"total":1}', "#/total"),
        (b'{"lines":[{"amount":1},{"amount":1,"note":"a","amount":2}]}', "#/lines/1/amount"),
        (b'{"lines":[],"metadata":{"a":{"b":[0,{"c":1,"c":1}]}}}', "#/metadata/a/b/1/c"),
        (b'{"lines":[],"metadata":{"x/y":{"~":1,"~":2}}}', "#/metadata/x~1y/~0"),
        (rb'{"lines":[],"metadata":{"a":1,"\u0061":2}}', "#/metadata/a"),
        (b'{"lines":[],"metadata":{"":1,"":2}}', "#/metadata/"),
    ],
)
def test_a_name_given_twice_is_refused_where_it_stands(body: bytes, pointer: str) -> None:
    """RFC 8259 leaves open which one counts; with money it must not be."""
    assert refusal_of(body) == ("repeated_field", pointer)


def test_the_same_name_in_two_objects_is_no_repetition() -> None:
    assert decode_strictly(b'{"lines":[{"amount":1},{"amount":1}],"metadata":{"amount":1}}', Order).lines[1].amount == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b'{"lines":[]',
        b'{"lines":[]}}',
        b'{"lines":[]} {}',
        b"{'lines':[]}",
        b'{"lines":[],}',
        b'{"lines":[]}\x00',
        b'{"lines":[] /* none */}',
        b'\xef\xbb\xbf{"lines":[]}',
        '{"lines":[]}'.encode("utf-16"),
        b'{"lines":[],"metadata":{"a":"\xff"}}',
        b'{"lines":[],"metadata":{"\xff":1}}',
        b'{"lines":[],"metadata":{"a":"\xed\xa0\x80"}}',
        rb'{"lines":[],"metadata":{"a":"\ud800"}}',
        b'{"lines":[],"metadata":{"a":"\x00"}}',
        b'{"lines":[],"metadata":{"a":"\n"}}',
    ],
)
def test_what_is_not_json_in_utf_8_is_refused(body: bytes) -> None:
    assert refusal_of(body) == ("invalid_json", None)


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_a_body_nested_too_deeply_is_refused(opening: bytes, closing: bytes) -> None:
    body = b'{"lines":[],"metadata":{"m":%s1%s}}' % (opening * 100_000, closing * 100_000)
    assert refusal_of(body) == ("invalid_json", None)
    assert refusal_of(b'{"lines":[],"metadata":{"m":' + opening * 100_000) == ("invalid_json", None)


def test_a_refusal_is_short_however_long_the_body_is() -> None:
    with pytest.raises(MalformedRequest) as refusal:
        decode_strictly(b'{"lines":[],"%s":1}' % (b"x" * 100_000), Order)
    [error] = refusal.value.errors
    assert len(error.pointer) + len(error.detail) < 1000
