"""JUnit XML: the form of test results that GitLab, Jenkins and actions on GitHub show.

There is no standard; elements and attributes are those that all of them read.
"""

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from dsv.model.verdict import VerdictStatus
from dsv.render import verdict_words
from dsv.render.statuses import MEANINGS
from dsv.runs.rebuild.checked_dataset import Checked

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write, not even as a reference."""


def junit(checks: Sequence[Checked], level: str) -> bytes:
    """Return the results as one JUnit test suite, UTF-8.

    A dataset is a test case: its name the path, its class name the level. What is not good is a
    failure whose type is the status; raw data, where there is nothing to verify, is skipped.

    Args:
        checks: The results.
        level: At which level was verified: `hashes`, `last` or `raw`.
    """
    totals = {
        "tests": str(len(checks)),
        "failures": str(sum(not check.good for check in checks)),
        "errors": "0",
        "skipped": str(sum(check.status is VerdictStatus.SOURCE for check in checks)),
        "time": _seconds(sum(check.seconds for check in checks)),
    }
    root = ET.Element("testsuites", {"name": "dsv verify", **totals})
    suite = ET.SubElement(root, "testsuite", {"name": "dsv verify", **totals})
    for check in checks:
        _case(suite, check, level)
    ET.indent(root)
    text: str = ET.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _case(suite: ET.Element, check: Checked, level: str) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        {"classname": _valid(level), "name": _valid(check.path), "time": _seconds(check.seconds)},
    )
    message = _valid(verdict_words.because(check) or MEANINGS[check.status])
    if not check.good:
        found = ET.SubElement(case, "failure", {"type": check.status.value, "message": message})
        lines = [f"{check.status.value} (policy {check.policy}): {message}", *verdict_words.details(check)]
        found.text = _valid("\n".join(lines))
    elif check.status is VerdictStatus.SOURCE:
        ET.SubElement(case, "skipped", {"message": message})
    else:
        out = ET.SubElement(case, "system-out")
        out.text = _valid(f"{check.status.value} (policy {check.policy}): {message}")


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"


def _valid(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
