"""What the documentation quotes of the gate study is what the study says."""

import json
import re
from pathlib import Path

import pytest

from bench.metrics.pairs import log_ratios
from tests.studies.gate import rates, table
from tests.studies.gate.found import Study
from tests.studies.gate.pools import Pools
from tests.studies.gate.rules import GATE

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "reports" / "examples"
CELL = re.compile(r"\d+\.\d \[\d+, \d+\]")
ROWS = {
    "live gate, idle": ("Idle", "**segbench gate --live** | same pair"),
    "live gate, under a competing load": ("Loaded", "**segbench gate --live** | same pair"),
    "pytest-benchmark, mean 5 %, idle": ("Idle", "pytest-benchmark mean:5% | other pairs"),
    "asv compare, idle": ("Idle", "asv compare | other pairs"),
}


def cells(text, start):
    (line,) = (x for x in text.splitlines() if x.removeprefix("| ").startswith(start))
    return CELL.findall(line)


def test_the_table_is_the_records():
    record = (EXAMPLES / "gate-study.json").read_bytes()
    study = Study.model_validate_json(record)
    assert table.markdown(study) == (EXAMPLES / "gate-study.md").read_text()
    assert json.loads(record)["schema"] == 1


@pytest.mark.parametrize("name", ROWS)
def test_the_documentation_quotes_the_table(name):
    section, row = ROWS[name]
    study = (EXAMPLES / "gate-study.md").read_text()
    part = study.partition(f"## {section}\n")[2].partition("\n## ")[0]
    quoted = (ROOT / "METHODOLOGY.md").read_text().replace("**", "")
    found = cells(quoted, name)
    assert len(found) == 4
    assert found == cells(part, row)


def test_the_committed_pools_give_the_committed_rates():
    study = Study.model_validate_json((EXAMPLES / "gate-study.json").read_bytes())
    pools = Pools(EXAMPLES / "gate-study")
    for pool in study.pools:
        assert log_ratios(pools.read(pool.condition, pool.planted)) == pool.log_ratios
    for planted in (0.0, 0.05):
        (said,) = (
            r for r in study.rates if (r.rule, r.condition, r.planted) == (GATE, "idle", planted)
        )
        logs = log_ratios(pools.read("idle", planted))[0 if planted else study.calibrating :]
        assert rates.gates(logs, study.gate_pairs, study.threshold["idle"]) == said.rate
