"""The demo team: what a first start finds, so that there is something to read and to try.

Five people, a shared mailbox and a room of a small company, their mail of the last weeks, and what
they have planned around today. The words are data in texts/ (how to add some: texts/README.md); the code here only dates, composes and
files them. Every address outside the team is in a name that RFC 2606 reserves, nothing is handed
to a queue, and so nothing can leave the machine.
"""

from groupware.demo.team import create_demo_team

__all__ = ["create_demo_team"]
