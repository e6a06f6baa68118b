"""A run through the items of a filter, one after the other, with a decision on each."""
