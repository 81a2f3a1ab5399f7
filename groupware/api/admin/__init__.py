"""Administration over REST: domains, accounts, addresses, groups, grants, roles, queue, audit log."""
