from __future__ import annotations

import re

import pytest

from bench import resources
from bench.spec.base import Spec
from bench.spec.case import ParityLimit
from bench.spec.policy import GatePolicy


@pytest.mark.parametrize(("title", "kind"), [("Parity", ParityLimit), ("Gate", GatePolicy)])
def test_the_format_reference_names_the_defaults_of_the_code(title: str, kind: type[Spec]) -> None:
    text = (resources.suites_dir() / "README.md").read_text()
    part = text.split(f"\n### {title}\n")[1].split("\n#")[0]
    said = {k: float(v) for k, v in re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", part, re.MULTILINE)}
    assert said == kind().model_dump()
