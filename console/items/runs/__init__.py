"""A run: one request of a person for many work items, planned first, sent a part at a time, with a result for each."""
