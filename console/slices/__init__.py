"""Slices: the list, one slice with its gallery, and (in `builder`) making one."""
