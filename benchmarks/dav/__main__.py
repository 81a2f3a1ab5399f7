"""Only the DAV suite: `python -m benchmarks.dav`, with the options of `python -m benchmarks`."""

from benchmarks.__main__ import main

if __name__ == "__main__":
    main(of="dav")
