"""What torch's inductor needs of a machine; imports no torch."""

import sysconfig
from pathlib import Path

from bench import registry
from bench.devices import machine
from bench.devices.base import Device


def lacks_inductor(device: Device) -> str:
    """Empty, or what inductor lacks to compile for a device."""
    if not device.on_cores:
        absent = registry.version("triton") is None
        return "inductor needs triton for a GPU: python -m pip install triton" if absent else ""
    if reason := machine.lacks_compiler():
        return reason
    headers = sysconfig.get_paths()["include"]
    if not (Path(headers) / "Python.h").is_file():
        return f"inductor needs Python's headers, and {headers} has no Python.h: apt-get install python3-dev"
    return ""
