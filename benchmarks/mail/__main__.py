"""Only the mail suite: `python -m benchmarks.mail`, with the options of `python -m benchmarks`."""

from benchmarks.__main__ import main

if __name__ == "__main__":
    main(of="mail")
