"""What only looks different in code, queries and settings."""

import pytest

from dsv.runs.meaning import same_meaning


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.py", "f(1)", "f( 1 )  # one\n"),
        ("a.py", "f(1)", "import json\nfrom os import path\nf(1)"),
        ("a.json", '{"a": [1, 2.50]}', '{ "a" : [1,\n2.50] }'),
        ("a.toml", 'a = 1\n[b]\nc = "x"\n', '# of ours\na  =  1\n\n[b]\nc = "x"'),
    ],
)
def test_the_same(path: str, before: str, after: str) -> None:
    assert same_meaning(path, before.encode(), after.encode())


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.py", "f(1)", "f(2)"),
        ("a.py", "f(", "f(("),
        ("a.py", "json.f(1)", "import json\njson.f(1)"),
        ("a.py", "f(1)", "import my_patches\nf(1)"),
        ("a.py", "f(1)", "from os import *\nf(1)"),
        ("a.py", "f(1)", "from __future__ import annotations\nf(1)"),
        ("a.py", "eval(x)", "import json\neval(x)"),
        ("a.py", "f(1)", '"""Of use."""\nf(1)'),
        ("a.json", '{"a": 1, "b": 2}', '{"b": 2, "a": 1}'),
        ("a.json", '{"a": 1.0}', '{"a": 1.00}'),
        ("a.json", '{"a": true}', '{"a": 1}'),
        ("a.json", "{", "{ "),
        ("a.toml", "a = 1.0", "a = 1.00"),
        ("a.toml", "a = true", "a = 1"),
        ("a.txt", "a", "a "),
        ("Makefile", "a:", "a: "),
        ("a.sh", "ls", "ls  # all"),
    ],
)
def test_not_the_same(path: str, before: str, after: str) -> None:
    assert not same_meaning(path, before.encode(), after.encode())


def test_sql() -> None:
    pytest.importorskip("sqlglot")
    query = b"select a, 'x -- y' as b from t where c = 'Oslo'"
    assert same_meaning("q.sql", query, b"-- of ours\n" + query.replace(b" from", b"\n  from /* here */"))
    assert not same_meaning("q.sql", query, query.replace(b"Oslo", b"oslo"))
    assert not same_meaning("q.sql", query, query.replace(b"x -- y", b"x -- z"))
    assert not same_meaning("q.sql", query, query + b" /*! limit 1 */")
    assert not same_meaning("q.sql", query, query + b" /*+ hint */")
    assert not same_meaning("q.sql", b"select 5--3", b"select 5--4")
    assert not same_meaning("q.sql", b"select 'open", b"select 'open ")


def test_yaml() -> None:
    pytest.importorskip("yaml")
    text = b"a: 1\nb: [x, y]\n"
    assert same_meaning("p.yaml", text, b"# of ours\n\na:   1\n\nb: [ x,y ]\n")
    assert same_meaning("p.yml", b"a: b", b"a:  b\n")
    for other in (b"a: '1'\nb: [x, y]\n", b"b: [x, y]\na: 1\n", b"a: 1.0\nb: [x, y]\n", b"a: ["):
        assert not same_meaning("p.yaml", text, other)
    assert not same_meaning("p.yaml", b"a: yes", b"a: true")


def test_notebooks() -> None:
    def book(source: str, outputs: str = "[]", kernel: str = "py") -> bytes:
        cell = f'{{"cell_type": "code", "source": {source}, "outputs": {outputs}, "execution_count": null}}'
        return f'{{"cells": [{cell}], "metadata": {{"kernelspec": {{"name": "{kernel}"}}}}}}'.encode()

    assert same_meaning("a.ipynb", book('"f(1)"'), book('["f", "(1)"]', '["done"]'))
    assert not same_meaning("a.ipynb", book('"f(1)"'), book('"f(2)"'))
    assert not same_meaning("a.ipynb", book('"f(1)"'), book('"f(1)"', kernel="r"))
    assert not same_meaning("a.ipynb", book('"f(1)"'), b"{}")
