"""dsv for scripts and notebooks: what `import dsv` offers. A face of dsv like the terminal."""
