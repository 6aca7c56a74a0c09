from dsv.wording import arguments, did_you_mean, listed


def test_lists() -> None:
    assert [listed(["a", "b", "c", "d", "e"][:count]) for count in (1, 2, 3, 4, 5)] == [
        "a",
        "a and b",
        "a, b and c",
        "a, b, c and 1 more",
        "a, b, c and 2 more",
    ]


def test_what_was_meant() -> None:
    known = ["data/train.csv", "data/test.csv"]
    assert did_you_mean("test.csv", known, "dsv ls") == "did you mean data/test.csv? otherwise: dsv ls"
    assert did_you_mean("data/trian.csv", known, "dsv ls").startswith("did you mean data/train.csv?")
    assert did_you_mean("else", known, "dsv ls") == "dsv ls"


def test_very_many_paths_are_not_all_said() -> None:
    assert arguments(["a", "b"]) == "a b"
    assert arguments([str(number) for number in range(20)]).endswith(" 18 19")
    said = arguments([f"data/{number}.csv" for number in range(10_000)])
    assert said.endswith(" data/19.csv and 9,980 more")
