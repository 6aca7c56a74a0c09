"""Where data came from: the code, the graph, the runs."""
