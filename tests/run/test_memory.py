import subprocess
import sys

from bench.run import memory


def test_the_high_water_mark_stays_when_the_memory_is_gone():
    code = (
        "from bench.run import memory\n"
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
