"""People, what they may do, and the vendor keys they bring."""
