"""What more than one app needs; imports no app."""
