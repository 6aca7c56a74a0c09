"""Where packs, indexes and refs are kept: a folder, memory, a bucket. `base` says what each must do."""
