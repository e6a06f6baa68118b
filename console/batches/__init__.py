"""Batches of a project: the list, one batch, and the order they are worked on in."""
