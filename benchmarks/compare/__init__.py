"""How fast tables are compared, how much memory it takes, and how many items a reader is given."""
