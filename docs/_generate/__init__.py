"""Makers of the generated pages: each module's ``pages`` returns texts by file name."""
