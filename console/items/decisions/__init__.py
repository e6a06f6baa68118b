"""Deciding on one work item: approve, send back, or any other signal."""
