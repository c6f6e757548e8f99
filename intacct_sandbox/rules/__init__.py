"""The business rules of a company, one function each."""
