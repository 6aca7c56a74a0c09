"""dsv: git-like version control for ML datasets.

Every transformation of a dataset is snapshotted into a content-addressed Arrow
checkpoint and joined to the others by a lineage graph, so that any processed
dataset can be traced to its raw sources, rebuilt, and verified.
"""

__version__ = "0.1.0"
