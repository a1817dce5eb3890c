import torch
from torch import nn

from bench.measure.work.entered import entered


def test_borders_are_told_in_order_and_the_hooks_are_gone_afterwards():
    net = nn.Sequential(nn.Sequential(nn.ReLU(), nn.ReLU()), nn.ReLU())
    said = []
    with entered(net, said.append, lambda: said.append("-")):
        net(torch.zeros(1))
    assert said == ["0", "-", "1", "-"]
    net(torch.zeros(1))
    assert len(said) == 4
