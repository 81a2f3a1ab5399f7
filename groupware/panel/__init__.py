"""The panel at /admin/: what an administrator does with a browser, by the services that the API calls."""
