"""One attempt of an export: which path of the ladder, and what became of it."""

from bench.record.base import Record


class Rung(Record):
    """A path that an export step tried."""

    name: str
    """`export`, `strict`, `eager-attention`, `gather`, `trace` ..., as the step's option `path` names it."""
    ok: bool
    wall_s: float
    operator: str = ""
    """Operator at which it failed, `aten.grid_sampler_3d.default`; empty where the exporter doesn't tell."""
    module: str = ""
    """Path of the module that called it; empty where the exporter doesn't tell."""
    message: str = ""
    """Why it failed, in one sentence."""

    @property
    def why(self) -> str:
        """`at OPERATOR in MODULE: MESSAGE`, as far as known."""
        operator = f"at {self.operator}" if self.operator else ""
        module = f"in {self.module}" if self.module else ""
        where = " ".join(filter(None, (operator, module)))
        return f"{where}: {self.message}" if where else self.message
