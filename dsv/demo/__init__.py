"""The tour that `dsv demo` gives: real tables, real transformations, the commands that a user types."""
