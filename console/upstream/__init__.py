"""The only door out: both vendors' APIs, typed, with every limit built in. No Django, no users, no HTML."""
