import torch
from torch import nn

from bench.measure.work.entered import entered


def test_borders_are_told_in_order_and_the_hooks_are_gone_afterwards():
    net = nn.Sequential(nn.Sequential(nn.ReLU(), nn.ReLU()), nn.ReLU())
    said = []
    with entered(net, lambda: said.append(list(at_work))) as at_work:
        net(torch.zeros(1))
        assert at_work == ["other"]
    assert said == [["other"], ["other", "0"], ["other"], ["other", "1"]]
    net(torch.zeros(1))
    assert len(said) == 4
