"""What mail adds to the kernel: its provisioner, outbox handlers and doctor checks."""


def register() -> None:
    """Register everything once, when the app is ready."""
