"""What domains say of the TLS by which mail is sent to them (RFC 8461)."""

from django.db import models


class TransportPolicy(models.Model):
    """The policy of one domain, kept until `expires_at` whatever its DNS says meanwhile.

    `policy_id` is the id of its TXT record, `mode` what was fetched ("enforce", "testing" or
    "none"), `mx` its patterns in one line. A row whose `expires_at` has passed says only when it
    was looked for last, `checked_at`. The times are epoch seconds.
    """

    domain = models.CharField(max_length=255, unique=True)
    policy_id = models.CharField(max_length=32, blank=True)
    mode = models.CharField(max_length=8, blank=True)
    mx = models.TextField(blank=True)
    fetched_at = models.BigIntegerField(default=0)
    checked_at = models.BigIntegerField(default=0)
    expires_at = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.domain}: {self.mode or 'none known'}"
