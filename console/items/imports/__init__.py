"""Creating many work items: the lines of a CSV, uploaded files or the items of a slice become items of batches."""
