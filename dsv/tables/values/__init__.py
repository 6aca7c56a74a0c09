"""What a value means, whatever holds it: types, layouts, names of types, metadata, values as text."""
