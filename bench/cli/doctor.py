"""`segbench doctor`: what this machine can run, what is missing, and whether it is quiet enough."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bench.cli.options import Json, print_json

if TYPE_CHECKING:
    from bench.record.environment import Machine
    from bench.suite.target import Target

BUSY = 0.15
"""Share of all cores, in use by others, from which on timings are doubtful."""

Report = dict[str, Any]


def doctor(json: Json = False) -> None:
    """Tell what this machine can run and what is missing."""
    report = examine()
    if json:
        print_json(report)
    else:
        _print(report)


def examine() -> Report:
    """Everything that doctor tells; loads no runtime."""
    import platform

    from bench import __version__, registry
    from bench.devices.machine import describe
    from bench.suite.load import tables

    here = describe()
    report: Report = {
        "schema": 1,
        "segbench": __version__,
        "python": platform.python_version(),
        "machine": _machine(here),
        "devices": [_device(name) for name in registry.entries("device")],
        "backends": [_runnable("backend", name) for name in registry.entries("backend")],
        "exporters": [_runnable("exporter", name) for name in registry.entries("exporter")],
        "providers": _providers(),
        "targets": [_target(target, here) for target in tables().targets.values()],
        "cache": _cache(),
        "calibration": _calibration(),
        "load": _load(),
    }
    report["warnings"] = _warnings(report)
    return report


def _machine(here: Machine) -> Report:
    import psutil

    from bench.devices.machine import flags

    governor = _text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").strip()
    return {
        **here.model_dump(mode="json", exclude={"gpus"}),
        "flags": flags(),
        "memory_available_bytes": psutil.virtual_memory().available,
        "quota_cores": _quota(),
        "governor": governor or None,
    }


def _target(target: Target, here: Machine) -> Report:
    from bench.devices.machine import mismatches

    reason = next(mismatches(target, here), "")
    return {"name": target.name, "here": not reason, "reason": reason}


def _quota() -> float | None:
    """Cores that the container may use at a time; None = no limit."""
    quota, _, period = _text("/sys/fs/cgroup/cpu.max").strip().partition(" ")
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() else None


def _device(name: str) -> Report:
    from bench import registry

    device = registry.load("device", name)()
    reason = device.available()
    gpus = [g.model_dump() for g in device.gpus()]
    return {"name": name, "available": not reason, "reason": reason, "gpus": gpus}


def _runnable(kind: Literal["backend", "exporter"], name: str) -> Report:
    from bench import registry

    try:
        needs = registry.load(kind, name).needs
    except ImportError as e:  # a plug-in that imports at once what isn't installed
        needs = (e.name or str(e),)
    versions = {name: registry.version(name) for name in needs}
    missing = [name for name, version in versions.items() if version is None]
    return {
        "name": name,
        "provider": registry.find(kind, name).provider,
        "installed": not missing,
        "versions": versions,
        "missing": missing,
        "install": "python -m pip install " + " ".join(missing) if missing else "",
    }


def _providers() -> list[Report]:
    """Execution providers of ONNX Runtime, and what brings each."""
    from bench import registry
    from bench.backends.providers import PROVIDERS

    return [
        {
            "name": p.name,
            "device": p.device,
            "installed": not p.missing,
            "versions": {p.distribution: registry.version(p.distribution)},
            "reason": p.missing,
        }
        for p in PROVIDERS.values()
    ]


def _cache() -> Report:
    import psutil

    from bench.resources import cache_dir

    folder = cache_dir()
    there = next(p for p in (folder, *folder.parents) if p.exists())
    return {
        "folder": str(folder),
        "bytes": _bytes(folder),
        "free_bytes": psutil.disk_usage(str(there)).free,
    }


def _calibration() -> Report | None:
    """What the self-test found about this machine; None where none was made."""
    from bench.live.calibrated import stored
    from bench.suite.policy import GatePolicy

    found = stored(GatePolicy().pairs)
    if found is None:
        return None
    return found.model_dump(mode="json", include={"measured", "threshold", "smallest"})


def _bytes(folder: Path) -> int:
    """Size of all files below, bytes; another segbench may be deleting them meanwhile."""
    size = 0
    # Unlike rglob, os.walk passes over a folder that goes away.
    for where, _, names in os.walk(folder):
        for file in (Path(where, name) for name in names):
            with suppress(FileNotFoundError):
                size += 0 if file.is_symlink() else file.stat().st_size
    return size


def _load() -> Report:
    import psutil

    busy = psutil.cpu_percent(interval=0.5) / 100
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    return {
        "load_average": os.getloadavg()[0],
        "busy": busy,
        "quiet": busy < BUSY,
        "on_battery": bool(battery and battery.power_plugged is False),
    }


def _warnings(report: Report) -> list[dict[str, str]]:
    """What is wrong and what to do about it."""
    from bench.backends.providers import DISTRIBUTIONS, swap
    from bench.metrics.format import listing, size

    machine, load = report["machine"], report["load"]
    gpu = any(d["gpus"] for d in report["devices"])
    several = [name for name in DISTRIBUTIONS if _has(name)]
    quota, room = machine["quota_cores"], report["cache"]["free_bytes"]
    free = machine["memory_available_bytes"]
    checks = (
        (
            len(several) > 1,
            f"{listing(several)} are installed and overwrite each other's files.",
            f"python -m pip uninstall -y {' '.join(several)}, then install the one you want.",
        ),
        (
            gpu and not _has("onnxruntime-gpu"),
            "There is a GPU, and this ONNX Runtime can't use it.",
            swap("onnxruntime-gpu"),
        ),
        (
            not load["quiet"],
            f"Other work uses {load['busy']:.0%} of the processor: timings will be too long.",
            "Stop it or wait (top shows what it is); sizes and accuracy are not affected.",
        ),
        (
            quota is not None and quota < machine["cores"],
            f"A limit of {quota or 0:.2g} cores throttles the {machine['cores']} of this container.",
            "Raise its CPU limit, or use a target with fewer threads.",
        ),
        (
            machine["governor"] in {"powersave", "ondemand", "conservative"},
            f"The clock governor is {machine['governor']!r}: the first calls run slower.",
            "sudo cpupower frequency-set -g performance",
        ),
        (load["on_battery"], "The machine runs on its battery.", "Plug it in before measuring."),
        (
            free < 4e9,
            f"Only {size(free)} of memory are free.",
            "Close other programs: exporting takes about 3 GB.",
        ),
        (
            room < 2e9,
            f"Only {size(room)} are free where the cache lies.",
            "Free some, or set SEGBENCH_CACHE to a folder elsewhere.",
        ),
    )
    return [{"what": what, "do": do} for true, what, do in checks if true]


def _has(distribution: str) -> bool:
    from importlib import metadata

    with suppress(metadata.PackageNotFoundError):
        return bool(metadata.version(distribution))
    return False


def _text(path: str) -> str:
    with suppress(OSError):
        return Path(path).read_text(encoding="utf-8", errors="replace")
    return ""


def _print(report: Report) -> None:
    from bench.metrics.format import size

    machine, cache, load = report["machine"], report["cache"], report["load"]
    free = size(machine["memory_available_bytes"])
    print(f"segbench {report['segbench']} on Python {report['python']}\n")
    print("Machine")
    print(f"  processor  {machine['processor']}, {machine['architecture']}")
    print(f"  cores      {machine['cores']} ({machine['physical_cores'] or '?'} physical)")
    print(f"  features   {' '.join(machine['flags']) or 'none that matter'}")
    print(f"  memory     {size(machine['memory_bytes'])}, {free} free")
    for device in report["devices"]:
        names = ", ".join(g["name"] for g in device["gpus"])
        if names or device["reason"]:
            print(f"  {device['name']:<9}  {names or 'no: ' + device['reason']}")
    print(f"  cache      {cache['folder']}, {size(cache['bytes'])}")
    state = "quiet enough to measure" if load["quiet"] else "not quiet"
    print(f"  load       {load['busy']:.0%} busy, average {load['load_average']:.2f}: {state}")
    found = report["calibration"]
    gate = f"calibrated {found['measured'][:10]}" if found else "not calibrated: segbench selftest"
    print(f"  live gate  {gate}")
    here = [t["name"] for t in report["targets"] if t["here"]]
    print(f"  targets    {', '.join(here)} (of {len(report['targets'])}: segbench list targets)")
    for title, kind in (("Backends", "backends"), ("Export steps", "exporters")):
        print(f"\n{title}")
        for entry in report[kind]:
            have = ", ".join(f"{k} {v}" for k, v in entry["versions"].items())
            lack = f"missing {', '.join(entry['missing'])}: {entry['install']}"
            print(f"  {entry['name']:<17} {have if entry['installed'] else lack}")
    print("\nExecution providers of ONNX Runtime")
    for entry in report["providers"]:
        have = ", ".join(f"{k} {v}" for k, v in entry["versions"].items())
        print(f"  {entry['name']:<25} {have if entry['installed'] else 'no: ' + entry['reason']}")
    print("\nNothing stands in the way." if not report["warnings"] else "\nWarnings")
    for warning in report["warnings"]:
        print(f"  - {warning['what']}\n    {warning['do']}")
