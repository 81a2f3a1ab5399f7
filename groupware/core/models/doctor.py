"""Examinations of the store that run in the background."""

from typing import ClassVar

from django.db import models


class ReportState(models.TextChoices):
    """How far an examination is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


class DoctorReport(models.Model):
    """An examination of the whole store, and what it found.

    Whoever works at it holds it until `leased_until`. `position` is how many checks are done: what
    was cut off goes on with the next one. `step` says what is being looked at, `share` is how much of
    that is done, of 1. `findings` are the first of them, `faults` how many faults there are.
    """

    state = models.CharField(max_length=8, choices=ReportState.choices, default=ReportState.WAITING)
    is_deep = models.BooleanField(default=False)
    position = models.IntegerField(default=0)
    step = models.CharField(max_length=200, blank=True)
    share = models.FloatField(default=0.0)
    faults = models.IntegerField(default=0)
    findings = models.JSONField(default=list)
    counted = models.JSONField(default=dict)
    asked_by = models.CharField(max_length=320)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state"], name="core_doctor_state")]

    def __str__(self) -> str:
        return f"examination {self.pk}: {self.state}"
