"""Tables on their way out: as files whose versions share bytes, in other formats, as Arrow readers."""
