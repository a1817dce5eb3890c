"""What `segbench gate` prints and writes, and which options don't go together."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.cli.options import print_json
from bench.errors import BadInput
from bench.gate.bless import Blessing
from bench.gate.verdict import Judgement

EITHER = "Add: --baseline NAME, or --live BASE, or both."


def refuse(
    *,
    baseline: str | None,
    live: str | None,
    pairs: int | None,
    accept: bool,
    because: str,
    narrowed: bool,
    both: bool,
    files: Iterable[str | Path | None] = (),
) -> None:
    """Refuse options that contradict one another.

    Raises:
        BadInput: they do.
    """
    lack, given = "was given without", "was given with"
    whole = "A run is blessed whole; leave them out."
    output = "--json and --markdown - both want standard output."
    for contradict, message, hint in (
        (not (baseline or live), "There is nothing to compare with.", EITHER),
        (pairs and not live, f"--pairs {lack} --live.", "Only live pairs are counted."),
        (because and not accept, f"--because {lack} --accept.", "Nothing is blessed without it."),
        (accept and not because.strip(), f"--accept {lack} a reason.", 'Add: --because "..."'),
        (accept and not baseline, f"--accept {lack} --baseline.", "Say what the run shall become."),
        (accept and narrowed, f"--accept {given} --only or --metric.", whole),
        (both, output, "Name a file."),
    ):
        if contradict:
            raise BadInput(message, hint)
    for name in files:
        if name is not None and str(name) != "-":
            _writable(Path(name))


def _writable(path: Path) -> None:
    """Refuse an output before the minutes of measuring, not after them."""
    if path.is_dir():
        raise BadInput(f"{path} is a folder.", "Name a file.")
    if not path.parent.is_dir():
        raise BadInput(
            f"{path} can't be written: {path.parent} is no folder.",
            "Make it, or name another file.",
        )


@dataclass(frozen=True)
class Outputs:
    """Where a judgement goes."""

    run: Path
    baseline: str
    blessed: Blessing | None
    """Of the baseline."""
    verbose: bool
    json: bool

    def show(
        self,
        found: Judgement | None,
        blessing: Blessing | None,
        markdown: str | None,
        junit: Path | None,
    ) -> None:
        """Files first, so that they are there whatever becomes of standard output.

        Raises:
            BadInput: a file can't be written.
        """
        about = tuple(self._about(found))
        if found and junit:
            from bench.gate.junit import junit as xml

            _write(junit, xml(found, about))
        table = ""
        if found and markdown:
            from bench.gate.markdown import markdown as table_of

            table = table_of(found, about)
            if markdown != "-":
                _write(Path(markdown), table.encode())
            if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
                _write(Path(summary), table.encode(), mode="ab")
        if self.json:
            self._json(found, blessing)
        elif markdown == "-":
            print(table, end="")
        else:
            self._text(found, blessing, about)

    def _about(self, found: Judgement | None) -> Iterator[str]:
        if found is None:
            return
        if self.blessed:
            yield f"Baseline {self.baseline}, {self.blessed.sentence}"
        elif found.live != self.baseline:
            yield f"Baseline {self.baseline}, a run that isn't blessed."
        if found.live:
            yield f"Live pairs with {found.live}."

    def _text(
        self, found: Judgement | None, blessing: Blessing | None, about: tuple[str, ...]
    ) -> None:
        from rich.console import Console
        from rich.markup import escape

        from bench.gate.text import lines

        console = Console(highlight=False, soft_wrap=True)
        if found:
            console.print("\n".join((*map(escape, about), *lines(found, verbose=self.verbose))))
        if blessing:
            overruled = len(blessing.accepted)
            print(
                f"Blessed by {blessing.who}: {self.run} is now {self.baseline}, {blessing.measured} "
                f"cases, {overruled} blocking verdicts overruled. Because: {blessing.because}"
            )

    def _json(self, found: Judgement | None, blessing: Blessing | None) -> None:
        from bench.gate.verdict import SCHEMA

        report: dict[str, object] = {
            "schema": SCHEMA,
            "run": str(self.run),
            "baseline": self.baseline,
            "blessed": _dump(self.blessed),
        }
        if found:
            report |= {"outcome": found.outcome, "sentence": found.sentence, "counts": found.counts}
            report |= found.model_dump(mode="json")
        else:
            report |= {"outcome": "blessed", "verdicts": []}
        print_json({**report, "blessing": _dump(blessing)})


def _write(path: Path, content: bytes, mode: Literal["wb", "ab"] = "wb") -> None:
    try:
        with path.open(mode) as f:
            f.write(content)
    except OSError as e:
        raise BadInput(
            f"{path} can't be written: {e.strerror or e}.", "Name another file."
        ) from None


def _dump(blessing: Blessing | None) -> dict[str, object] | None:
    return blessing.model_dump(mode="json", by_alias=True) if blessing else None
