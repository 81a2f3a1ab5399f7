"""What programs are told so that a person need not: Mozilla's autoconfig, Microsoft's autodiscover, Apple's profile.

All of them render one table of servers (`servers`); none of them tells whether an account exists.
"""
