"""The beginning and the end of somebody's time here.

`invitations`: a link by which a person chooses the first password. `exports`: everything of an account in
one file. `handover`: what somebody leaves to somebody else. `departures`: disabled today, deleted
when a time is over that lets it be undone.
"""
