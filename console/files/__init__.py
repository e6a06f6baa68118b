"""Files of a space: uploaded from the browser, and downloaded by path (FACTS 2.5)."""
