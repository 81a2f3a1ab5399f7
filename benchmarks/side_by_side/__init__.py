"""What the suites that measure this server beside others share.

`servers` are what is measured, `runs` the order of things, `machine` what it ran on, `report` and
`chart` the result. benchmarks.imap and benchmarks.dav hold the peers, clients and loads.
"""
