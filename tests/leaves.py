"""Prints a module in which mypy holds all that is registered against what `registry.load` promises.

`nox -s types` runs mypy on it, so that a leaf of segbench or of a plug-in that lacks a method, or has
it with another signature, is found although the registry knows it by name only.
"""

from __future__ import annotations

from bench import registry


def lines() -> list[str]:
    """Three lines an entry: import it, load one of its kind, put it in that one's place."""
    made = ["from bench import registry"]
    for kind in registry.TABLE:
        for number, entry in enumerate(registry.entries(kind).values()):
            module, _, attribute = entry.target.partition(":")
            leaf = f"{kind}_{number}"
            made += [
                f"from {module} import {attribute} as {leaf}",
                f"any_{leaf} = registry.load({kind!r}, {entry.name!r})",
                f"any_{leaf} = {leaf}",
            ]
    return made


if __name__ == "__main__":
    print("\n".join(lines()))
