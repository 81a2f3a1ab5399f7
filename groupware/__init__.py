"""The project: composition root, and what every app shares in `groupware.core`."""
