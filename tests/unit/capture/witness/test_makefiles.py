"""Which folders makefiles have make list."""

import pytest

from dsv.capture.witness.makefiles import asked_in, counts


@pytest.mark.parametrize(
    ("text", "home", "listed", "not_listed"),
    [
        (
            "out: $(wildcard raw/*.csv)\n\tcat $^ > $@\n",
            "",
            ["raw", "sub/raw"],
            ["", "sql", "raw/deep", "draw"],
        ),
        ("O := $(patsubst src/%.c,b/%.o,${wildcard src/*.c})\n", "", ["src"], ["", "b"]),
        ("all: parts/*/x.csv\n", "", ["parts", "parts/a"], ["", "other"]),
        ("all: *.csv\n", "sub", ["", "sub"], ["raw"]),
        ("all: */x\n", "", ["", "raw", "a/b"], []),
        ("all: a.csv\n\tcat raw/*.csv > $@\n", "", [], ["", "raw"]),
        ("# all: *.csv\nall: a % b\n", "", [], [""]),
        ("S = $(wildcard a/*.c \\\n b/*.c)\n", "", ["a", "b"], ["c"]),
        ("include conf/*.mk\n", "", ["conf"], ["raw"]),
        ("out: $(wildcard $(RAW)/*.csv)\n", "", ["", "raw", "any"], []),
        ("out: ../raw/*.csv\n", "sub", ["", "raw"], []),
        ("out: /data/*.csv $(wildcard raw/*)\n", "", ["", "sql"], []),
    ],
)
def test_only_what_is_asked_for_counts(
    text: str, home: str, listed: list[str], not_listed: list[str]
) -> None:
    asked = asked_in(text, home)
    assert [path for path in listed if not counts(path, asked)] == []
    assert [path for path in not_listed if counts(path, asked)] == []
