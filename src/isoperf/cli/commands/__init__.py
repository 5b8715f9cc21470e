"""Commands written by hand: each parses, asks the library, and shows a report."""
