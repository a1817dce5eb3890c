"""Which classes of a model and of a data set have each other's name; a miss would be a wrong figure."""

from dataclasses import dataclass

from bench.suite.case import Case


@dataclass(frozen=True)
class Matching:
    """Classes of a model and of a data set, by name or by the set's `class_map`."""

    matched: tuple[str, ...]
    """The model's classes that the set has."""
    void: tuple[str, ...]
    """The model's classes that the set lacks: their predictions count as void."""
    unreached: tuple[str, ...]
    """The set's classes that no class of the model leads to: every pixel of theirs is a miss."""

    def fields(self) -> dict[str, list[str]]:
        """What an accuracy fingerprint must tell of a partial match; empty for a full one."""
        partial = {"model_only": list(self.void), "dataset_only": list(self.unreached)}
        return partial if self.void or self.unreached else {}

    def note(self) -> str:
        """One sentence for a row where the match is partial; empty where it is full."""
        if not self.fields():
            return ""
        parts = [f"Classes that match by name: {', '.join(self.matched)}"]
        if self.void:
            parts.append(f"only in the model (predictions count as void): {', '.join(self.void)}")
        if self.unreached:
            parts.append(f"only in the data set (always missed): {', '.join(self.unreached)}")
        return "; ".join(parts) + "."


def matching(case: Case) -> Matching:
    """How the classes of a case's model meet those of its data set."""
    data, names = case.dataset, case.model.classes
    met = {data.namesake(name) for name in names}
    return Matching(
        matched=tuple(n for n in names if data.namesake(n) is not None),
        void=tuple(n for n in names if data.namesake(n) is None),
        unreached=tuple(c for c in data.classes if c not in met),
    )


def refusal(case: Case) -> str:
    """Empty, or why this case's accuracy would mean nothing, and the remedy."""
    model, data = case.model, case.dataset
    if model.unjudged:
        return ""
    where = f"[model.{model.name}]"
    if not model.classes:
        return (
            f"Model {model.name!r} names no classes, and the loader {model.loader!r} can't read them "
            f"from the weights. Give {where} `classes`: a name a channel, in their order."
        )
    if matching(case).matched:
        return ""
    mine, theirs = (", ".join(map(repr, names[:3])) for names in (model.classes, data.classes))
    return (
        f"No class of model {model.name!r} ({mine} ...) is a class of data set {data.name!r} "
        f"({theirs} ...). Correct {where} `classes`, or map names in [dataset.{data.name}.class_map]."
    )
