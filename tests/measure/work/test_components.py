import time

import torch
from torch import nn

from bench.measure.work import components


class Slow(nn.Module):
    """Sleeps, runs what is inside it, and sleeps again."""

    def __init__(self, seconds, inner=None):
        super().__init__()
        self.seconds, self.inner = seconds, inner

    def forward(self, x):
        time.sleep(self.seconds)
        return x if self.inner is None else self.inner(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.long = Slow(0.008)
        self.short = Slow(0.002)

    def forward(self, x):
        time.sleep(0.001)
        x = self.short(self.long(self.short(x)))
        time.sleep(0.003)  # after a part has ended, the time is the whole's own again
        return x


def test_each_part_gets_its_own_time_and_they_add_up(monkeypatch):
    monkeypatch.setattr(components, "CALLS", 4)
    net, waited = Net(), []
    found = components.measure(lambda: net(torch.zeros(1)), net, lambda: waited.append(1))
    assert found.how == "hooks"
    assert len(found.whole_ns) == len(found.plain_ns) == 4
    least = {"long": 8e6, "short": 4e6, "other": 4e6}
    assert set(found.parts_ns) == set(least)
    for part, times in found.parts_ns.items():
        assert all(least[part] <= t < least[part] + 20e6 for t in times), part
    for i, whole in enumerate(found.whole_ns):
        assert 0 <= whole - sum(t[i] for t in found.parts_ns.values()) < 1e6
    assert waited


def test_plain_calls_carry_no_hooks(monkeypatch):
    monkeypatch.setattr(components, "CALLS", 3)
    net, hooked = Net(), []
    components.measure(lambda: hooked.append(len(net.long._forward_hooks)), net, lambda: None)
    assert hooked[components.WARMUP :] == [1, 0, 0, 1, 1, 0]


def test_the_limit_ends_it_after_the_least_number_of_pairs(monkeypatch):
    monkeypatch.setattr(components, "LIMIT_S", 0.0)
    net = nn.Sequential(nn.ReLU(), nn.ReLU())
    found = components.measure(lambda: net(torch.zeros(1)), net, lambda: None)
    assert len(found.whole_ns) == components.LEAST


def test_borders_are_told_in_order_and_the_hooks_are_gone_afterwards():
    net = nn.Sequential(nn.Sequential(nn.ReLU(), nn.ReLU()), nn.ReLU())
    said = []
    with components.entered(net, lambda: said.append(list(at_work))) as at_work:
        net(torch.zeros(1))
        assert at_work == ["other"]
    assert said == [["other"], ["other", "0"], ["other"], ["other", "1"]]
    net(torch.zeros(1))
    assert len(said) == 4
