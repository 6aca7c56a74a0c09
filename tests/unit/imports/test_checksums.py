import hashlib
from pathlib import Path

import pytest

from dsv.errors import Refused, UsageFault
from dsv.imports.checksums import check_sum, compare

SUM = hashlib.sha256(b"data").hexdigest()


@pytest.mark.parametrize("text", [SUM, SUM.upper(), f"  sha256:{SUM}\n"])
def test_a_sum_is_taken_as_people_paste_it(text: str) -> None:
    assert check_sum(text) == SUM


@pytest.mark.parametrize("text", ["", SUM[:-1], SUM + "0", "g" * 64, f"md5:{SUM}"])
def test_what_is_no_sum_is_refused(text: str) -> None:
    with pytest.raises(UsageFault, match="no SHA-256 sum"):
        check_sum(text)


def test_a_file_has_its_sum_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"data")
    compare(file, SUM, "https://example.org/file")
    file.write_bytes(b"Data")
    with pytest.raises(Refused, match=f"https://example.org/file has the SHA-256 sum .*, not {SUM}"):
        compare(file, SUM, "https://example.org/file")
    with pytest.raises(Refused, match="is a folder"):
        compare(tmp_path, SUM, "https://example.org/")
