"""A real cluster of several nodes on this machine; each node has a cache of its own."""

import os

os.environ |= {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",
    "RAY_DISABLE_DOCKER_CPU_WARNING": "1",
    # A node is dead after five questions without an answer. One to a node that was ended fails at
    # once, and by default the next comes after 3 s: a test would wait 15 s.
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "500",
}
SMALL = 78 * 2**20
"""Bytes of a node's object store; Ray refuses less than 75 MiB."""


class Nodes:
    """A cluster whose nodes are named, and can be ended."""

    def __init__(self, home):
        from ray.cluster_utils import Cluster

        self.home = home
        head = {"num_cpus": 0, "object_store_memory": SMALL, "include_dashboard": False}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self.address = self.cluster.address
        self._nodes = {}

    def add(self, name, cpus=1, **environment):
        """Add a node."""
        cache = self.cache(name)
        self._nodes[name] = self.cluster.add_node(
            num_cpus=cpus, object_store_memory=SMALL, node_name=name, include_dashboard=False,
            env_vars={"SEGBENCH_CACHE": str(cache), **environment},
        )  # fmt: skip
        return cache

    def cache(self, name):
        """Folder of a node's cache."""
        return self.home / f"cache-{name}"

    def kill(self, name):
        """End a node at once, as a power cut would."""
        self.cluster.remove_node(self._nodes.pop(name), allow_graceful=False)
