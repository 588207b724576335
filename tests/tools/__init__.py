"""Stand-ins and real programs that tests run against."""
