"""How the micro models that segbench ships were trained: data, losses, schedule."""
