"""Pictures of the pages, for the README and for who changes how they look: `make screenshots`.

A server of its own with the demo team, weeks of made-up figures and a queue, in a temporary
directory, is looked at by headless Chromium. Nothing of it is in the product.
"""
