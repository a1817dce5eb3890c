"""Where a baseline lies: a folder, or a bare name in suites/baselines."""

from pathlib import Path

from bench import resources
from bench.errors import RecordError
from bench.gate.bless import aside
from bench.record.store import Run, read_run
from bench.registry import suggest

HERE = Path("suites") / "baselines"


def find(asked: str, *, new: bool = False) -> Path:
    """Folder of a path, or of a bare name in the suites/baselines of this folder or of segbench.

    A `new` one need not be there; a bare name then goes into this folder's suites/baselines, if any.
    """
    path = Path(asked).expanduser()
    if path.name != asked or asked in {".", ".."} or path.is_dir():
        return path
    places = (HERE / asked, resources.suites_dir() / "baselines" / asked)
    found = (place for place in places if standing(place).is_dir())
    return next(found, places[0] if new and HERE.is_dir() else path)


def run_folder(asked: str | None) -> Path | None:
    """Folder of the run that a word names; None where it names none, but perhaps a git revision."""
    folder = find(asked) if asked else None
    return folder if folder and (folder / "run.json").is_file() else None


def read_baseline(folder: Path) -> Run:
    """Run in a baseline's folder; nothing is written or renamed.

    Where a blessing was killed between its two renames, the old baseline is read where it lies.

    Raises:
        RecordError: there is none.
    """
    there = standing(folder)
    if (there / "run.json").is_file():
        return read_run(there)
    make = f'Make one: segbench gate DIR --baseline {folder} --accept --because "the first"'
    if folder.exists() or folder.name != str(folder):
        raise RecordError(f"{folder} holds no baseline (no run.json).", make)
    hint = suggest(str(folder), known) if (known := names()) else make
    raise RecordError(f"There is no baseline called {str(folder)!r}.", hint)


def names() -> tuple[str, ...]:
    """Bare names that `find` knows."""
    places = (HERE, resources.suites_dir() / "baselines")
    return tuple(sorted({f.parent.name for p in places for f in p.glob("[!.]*/run.json")}))


def standing(folder: Path) -> Path:
    """The folder itself, or the one beside it that holds its baseline while a blessing is under way."""
    before = aside(folder.resolve())
    return before if before.is_dir() and not folder.exists() else folder
