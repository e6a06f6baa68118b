"""Ground-truth labels that a person adds to one work item (P17)."""
