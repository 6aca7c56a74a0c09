"""The benchmark: dsv beside DVC, Git LFS, git-annex, restic and borg, whole processes on the same files."""
