"""The pages of work items: the table, one item, decisions, review runs."""
