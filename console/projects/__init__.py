"""Projects of a space: the list, and each project's page as the hub of its batches, work items and exports."""
