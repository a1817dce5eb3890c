"""One cluster for all tests."""

import pytest

from bench.execute.ray import RayExecutor
from tests.ray.nodes import Nodes


@pytest.fixture(scope="session")
def nodes(tmp_path_factory):
    """Cluster with the nodes `left` and `right`; a test may add others, and end those."""
    made = Nodes(tmp_path_factory.mktemp("nodes"))
    made.add("left")
    made.add("right")
    yield made
    made.cluster.shutdown()


@pytest.fixture
def executor(nodes, tmp_path):
    """Executor on the nodes that there are now."""
    made = RayExecutor(tmp_path / "unused", nodes.address)
    yield made
    made.close()
