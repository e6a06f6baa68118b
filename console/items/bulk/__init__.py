"""One signal to many work items: which are chosen, the plan that is read first, the sending, the result, the undo."""
