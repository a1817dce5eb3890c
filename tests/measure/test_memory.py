import subprocess
import sys

from bench.devices import machine
from bench.jobs.base import GUARD
from bench.measure import memory


def test_the_high_water_mark_stays_when_the_memory_is_gone():
    code = (
        "from bench.measure import memory\n"
        "before = memory.resident()\n"
        "x = bytearray(2 ** 26); x[::4096] = b'x' * len(x[::4096])\n"
        "held = memory.resident(); del x\n"
        "after, peak = memory.resident(), memory.peak()\n"
        "print(held - before > 6e7, after < held, peak - before > 6e7)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 3


def test_children_count():
    code = (
        "x = bytearray(2 ** 26); x[::4096] = b'x' * len(x[::4096]); print(1, flush=True); input()"
    )
    alone = memory.peak()
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        assert memory.peak() - alone > 6e7
        child.stdin.write(b"\n")


def said(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


BIG_CHILD = (
    "import subprocess, sys\n"
    "from bench.measure import memory\n"
    "def child():\n"
    "    code = \"x = bytearray(2 ** 27); x[::4096] = b'x' * len(x[::4096])\"\n"
    "    subprocess.run([sys.executable, '-c', code], check=True)\n"
)


def test_a_child_that_lived_and_died_in_the_region_counts_and_one_before_it_does_not():
    inside = "memory.reset_peak(); own = memory.peak(); child(); print(memory.peak() - own > 1e8)"
    assert said(BIG_CHILD + inside) == ["True"]
    before = "child(); memory.reset_peak(); print(memory.peak() < 1e8)"
    assert said(BIG_CHILD + before) == ["True"]


def test_a_child_that_only_inherited_our_mark_does_not_count():
    # Linux hands ru_maxrss down through exec: /bin/true "held" what its parent did.
    code = (
        "import subprocess\n"
        "from bench.measure import memory\n"
        "x = bytearray(2 ** 26); x[::4096] = b'x' * len(x[::4096])\n"
        "memory.reset_peak(); own = memory.peak(); subprocess.run(['true'], check=True)\n"
        "print(memory.peak() - own < 3e7)\n"
    )
    assert said(code) == ["True"]


def test_shared_pages_count_once():
    code = (
        "import mmap, os, time\n"
        "from bench.measure import memory\n"
        "before = memory.pss()\n"
        "x = mmap.mmap(-1, 2 ** 26); x.write(b'x' * 2 ** 26)\n"
        "alone = memory.pss() - before\n"
        "r, w = os.pipe(); s, t = os.pipe()\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    x[:: 4096]; os.write(w, b'.'); os.read(s, 1); os._exit(0)\n"
        "os.read(r, 1)\n"
        "both = memory.pss() - before\n"
        "os.write(t, b'.'); os.waitpid(child, 0)\n"
        "print(alone > 6e7, both < 1.3 * alone)\n"
    )
    assert said(code) == ["True", "True"]


def test_a_kernel_without_shared_pages_gives_the_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "ROLLUP", tmp_path / "smaps_rollup")
    assert "doesn't tell shared pages" in memory.pss().reason


def test_a_control_group_leaves_less_than_the_machine(tmp_path):
    free = machine.available(tmp_path)
    assert free > 0
    (tmp_path / "memory.max").write_text("5000\n")
    (tmp_path / "memory.current").write_text("3000\n")
    (tmp_path / "memory.stat").write_text("anon 2500\ninactive_file 400\n")
    assert machine.available(tmp_path) == 2400
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.available(tmp_path) > 2400


def test_a_guarded_process_ends_itself_before_the_machine_is_full():
    code = (
        "import time\n"
        "from bench.measure import memory\n"
        "memory.machine.available = lambda: 2 ** 26\n"
        "memory.guard()\n"
        "x = bytearray(2 ** 27); x[::4096] = b'x' * len(x[::4096]); time.sleep(20)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -9
    assert done.stderr.startswith(GUARD)
