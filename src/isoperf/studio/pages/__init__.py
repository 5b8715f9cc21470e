"""The pages, one module for each kind; each gives its routes."""
