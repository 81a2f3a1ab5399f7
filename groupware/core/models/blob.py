"""Rows that name immutable, content-addressed bytes."""

from typing import ClassVar

from django.db import models


class Blob(models.Model):
    """One stored content.

    Invariant: the bytes at `location` were durable before this row was committed, or are
    committed with it in a row of `BlobSpool`, and a location is never used twice. Item rows hold
    a restricting key to it.
    """

    digest = models.BinaryField(max_length=32, unique=True)
    size = models.BigIntegerField()
    stored_size = models.BigIntegerField()
    location = models.CharField(max_length=200, unique=True)
    created_at = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["created_at"], name="core_blob_created")]

    def __str__(self) -> str:
        return self.location


class BlobSpool(models.Model):
    """The stored bytes of a blob, from its commit until they are carried to their location."""

    blob = models.OneToOneField(Blob, primary_key=True, on_delete=models.CASCADE)
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"bytes of blob {self.blob_id}"
