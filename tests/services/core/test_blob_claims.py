"""Claims of one staged blob by many transactions at once: a message to many recipients."""

from pathlib import Path
from threading import Barrier

import pytest

from groupware.core import blobs, db
from groupware.core.models import Blob
from tests.services.threads import SECONDS, threads

pytestmark = pytest.mark.django_db(transaction=True)
CLAIMANTS = 4
ROUNDS = 100


def test_claims_of_one_staged_blob_at_once_share_its_row(own_data: Path) -> None:
    staged = [blobs.stage(b"A message to many, %d" % number) for number in range(ROUNDS)]
    together = Barrier(CLAIMANTS)

    def claim(blob: blobs.StagedBlob) -> int:
        together.wait(SECONDS)
        with db.write_transaction():
            return blobs.claim(blob)

    with threads(CLAIMANTS) as start:

        def claim_all() -> list[int]:
            try:
                return list(map(claim, staged))
            except BaseException:
                together.abort()  # the others need not wait
                raise

        claiming = [start(claim_all) for _ in range(CLAIMANTS)]
        claimed = [future.result(SECONDS) for future in claiming]
    ids = list(Blob.objects.order_by("id").values_list("id", flat=True))
    assert [sorted(row) for row in claimed] == [ids] * CLAIMANTS
