"""The REST API as a whole: its URLs, its schema and its documentation."""
