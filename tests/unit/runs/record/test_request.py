import pytest

from dsv.errors import NotFound, Refused, UsageFault
from dsv.runs.record.request import Request


def test_what_can_be_run() -> None:
    Request(argv=("x", "é"), env={"A": "1"}, params={"a_1": "é"}, variables=("A",), name="n").check()


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (Request(argv=(), env={}), UsageFault),
        (Request(argv=("",), env={}), UsageFault),
        (Request(argv=("x",), env={}, params={"1a": ""}), UsageFault),
        (Request(argv=("x",), env={}, params={"a-b": ""}), UsageFault),
        (Request(argv=("x",), env={}, variables=("A",)), NotFound),
        (Request(argv=("x", "\udcff"), env={}), Refused),
        (Request(argv=("x",), env={}, params={"a": "\udcff"}), Refused),
    ],
)
def test_what_cannot(request_: Request, error: type[Exception]) -> None:
    with pytest.raises(error):
        request_.check()


def test_parameters_reach_the_command() -> None:
    found = Request(argv=("x",), env={"A": "1"}, params={"k": "v"}).variables_with_parameters()
    assert found == {"A": "1", "DSV_PARAM_k": "v"}
    assert not Request(argv=("x",), env={}, inputs=()).declares_all
    assert Request(argv=("x",), env={}, inputs=(), outputs=()).declares_all


@pytest.mark.parametrize(
    ("argv", "params", "unfilled"),
    [
        (("train", "{epoch}"), {"epochs": "3"}, ("epoch",)),
        (("train", "{epochs}", "{x}"), {"epochs": "3"}, ()),  # braces of the command's own
        (("train", "{x}"), {}, ()),
        (("sh", "-c", "echo ${epoch} $DSV_PARAM_epochs"), {"epochs": "3"}, ()),
        (("train", "{a}{b}", "{a}"), {"c": "1"}, ("a", "b")),
    ],
)
def test_places_that_no_parameter_fills(
    argv: tuple[str, ...], params: dict[str, str], unfilled: tuple[str, ...]
) -> None:
    assert Request(argv, {}, params=params).unfilled == unfilled
