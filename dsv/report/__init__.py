"""Results of `verify` in the forms that CI shows: JUnit XML, annotations, a summary in Markdown."""
