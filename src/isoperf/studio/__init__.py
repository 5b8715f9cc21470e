"""The studio: a local web page over the library, where a table is dropped and questions are asked."""
