"""Moving the working tree from what it holds to what is wanted, so that nothing is lost."""
