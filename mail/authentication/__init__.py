"""Who a message is really from: SPF, DKIM, DMARC and ARC, and what is told of them.

`authenticate_message` asks the DNS and nothing else, ends in time, and raises nothing whatever
the message, the records or the network are like. The formats are in modules of their own; how a
domain signs what it sends is `mail/services/signing.py`.
"""

from mail.authentication.results import remove_forged
from mail.authentication.verdicts import Results, Verdict, authenticate_message, read_results

__all__ = ["Results", "Verdict", "authenticate_message", "read_results", "remove_forged"]
