"""Recording a run: what a command used and made becomes records and staged datasets."""
