"""Both vendors over real sockets, for the demo and the tests. Standard library only; see DIFFERENCES.md."""
