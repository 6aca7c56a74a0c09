from dsv.worktree import suffixes


def test_names_say_what_is_in_a_file() -> None:
    cases = {
        "data/a.PARQUET": (True, False, False),
        "a.csv.gz": (True, False, False),
        "src/make.py": (False, True, False),
        "conf/run.yaml": (False, True, False),
        "config.json": (False, False, True),
        "deep/Makefile": (False, False, True),
        "README.md": (False, False, True),
        "requirements-dev.txt": (False, False, True),
        "notes.txt": (False, False, False),
        "numbers.json": (False, False, False),
    }
    for path, wanted in cases.items():
        found = (suffixes.has_data_name(path), suffixes.is_code_name(path), suffixes.is_known_name(path))
        assert found == wanted, path
        assert suffixes.is_work_name(path) == (wanted[1] or wanted[2])


def test_settings_are_code_and_no_programs() -> None:
    assert suffixes.is_program_name("a.SH")
    assert not suffixes.is_program_name("a.yaml")
