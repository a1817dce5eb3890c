import pytest

from bench.devices.cpu import CpuDevice
from bench.measure import energy
from bench.record.base import Absent


def zone(root, name, kind, microjoules, top=1000):
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "name").write_text(kind + "\n")
    (folder / "energy_uj").write_text(f"{microjoules}\n")
    (folder / "max_energy_range_uj").write_text(f"{top}\n")
    return folder / "energy_uj"


def test_packages_add_up_and_a_counter_that_wrapped_goes_on(tmp_path):
    first = zone(tmp_path, "intel-rapl:0", "package-0", 900)
    second = zone(tmp_path, "intel-rapl:1", "package-1", 100)
    memory = zone(tmp_path, "intel-rapl:0:0", "dram", 5)
    zone(tmp_path, "intel-rapl:0:1", "core", 5)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 5)
    meter = energy.meter(CpuDevice(), tmp_path)
    meter.start()
    first.write_text("50")  # 100 to the top, then 50
    second.write_text("170")
    memory.write_text("8")
    spent = meter.stop()
    assert spent["package"] == pytest.approx((150 + 70) * 1e-6)
    assert spent["dram"] == pytest.approx(3e-6)
    assert spent["gpu"] == Absent(reason="the target runs on the processor")


def test_a_meter_measures_again_from_each_start(tmp_path):
    at = zone(tmp_path, "intel-rapl:0", "package-0", 100)
    meter = energy.meter(CpuDevice(), tmp_path)
    meter.start()
    at.write_text("200")
    meter.start()
    at.write_text("210")
    assert meter.stop()["package"] == pytest.approx(10e-6)


def test_a_machine_without_counters_says_so(tmp_path):
    meter = energy.meter(CpuDevice(), tmp_path)
    meter.start()
    spent = meter.stop()
    assert all(isinstance(v, Absent) for v in spent.values())
    assert "no package zone" in spent["package"].reason
    assert "no dram zone" in spent["dram"].reason


def test_a_counter_for_root_alone_names_the_command(tmp_path, monkeypatch):
    zone(tmp_path, "intel-rapl:0", "package-0", 1)
    real = energy._joules

    def refuse(path):
        if path.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(energy, "_joules", refuse)
    spent = energy.meter(CpuDevice(), tmp_path).stop()
    assert "only root may read" in spent["package"].reason
    assert "chmod a+r" in spent["package"].reason


def test_a_counter_that_goes_away_is_absent_not_nought(tmp_path):
    at = zone(tmp_path, "intel-rapl:0", "package-0", 1)
    meter = energy.meter(CpuDevice(), tmp_path)
    assert meter.stop()["package"] == Absent(reason="the meter was never started")
    meter.start()
    at.unlink()
    assert "stopped answering" in meter.stop()["package"].reason


class Gpu(CpuDevice):
    name = "cuda"

    def __init__(self, *readings):
        self._readings = iter(readings)

    def energy_j(self):
        return next(self._readings)


def test_a_gpu_is_read_through_its_device(tmp_path):
    meter = energy.meter(Gpu(1.0, 1.0, 3.5), tmp_path)
    meter.start()
    assert meter.stop()["gpu"] == pytest.approx(2.5)


def test_a_gpu_that_tells_no_energy_or_stops_to_says_so(tmp_path):
    gone = Absent(reason="NVML tells no energy: Not Supported")
    assert energy.meter(Gpu(gone), tmp_path).stop()["gpu"] == gone
    meter = energy.meter(Gpu(1.0, 1.0, gone), tmp_path)
    meter.start()
    assert meter.stop()["gpu"].reason == f"the counter stopped answering: {gone.reason}"
