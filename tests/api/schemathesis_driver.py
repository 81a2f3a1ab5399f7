"""Runs in schemathesis's own environment: sends to each operation what the schema allows, and worse.

Reads one JSON object on standard input: `url`, and `operations`, for each of which `id`,
`authorization`, `path_parameters`, `query`, `headers`, `body` and `kind` of a request that it
takes. Prints one for each: the status of that request, the statuses of all others, and what was wrong.
"""

import json
import sys
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl

import hypothesis
import schemathesis  # type: ignore[import-not-found]
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis import GenerationMode

SETTINGS = hypothesis.settings(
    max_examples=int(sys.argv[1]),
    deadline=None,
    database=None,
    derandomize=False,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def main() -> None:
    """Try everything."""
    asked = json.load(sys.stdin)
    wanted = {one["id"]: one for one in asked["operations"]}
    schema = schemathesis.openapi.from_url(f"{asked['url']}/api/v1/schema/")
    schema.config.update(base_url=asked["url"])
    operations = [result.ok() for result in schema.get_all_operations()]
    found = []
    # What each takes comes before anything by chance could take something away.
    for operation in operations:
        given = wanted[operation.definition.raw["operationId"]]
        found.append(try_known(operation, given, asked["url"]))
    for operation, told in zip(operations, found, strict=True):
        given = wanted[operation.definition.raw["operationId"]]
        try_any(operation, given, asked["url"], told)
    print(json.dumps(found))  # noqa: T201 - the answer


def try_known(operation: Any, given: dict[str, Any], url: str) -> dict[str, Any]:
    """Send the request that the operation is known to take; its answer is what the schema says."""
    case = operation.Case(
        path_parameters=given["path_parameters"],
        query=dict(parse_qsl(given["query"])),
        headers=given["headers"] | {"Authorization": given["authorization"]},
        **({} if given["body"] is None else {"body": given["body"], "media_type": given["kind"]}),
    )
    told: dict[str, Any] = {"id": given["id"], "known": 0, "wrong": []}
    response = send(case, url, told)
    told["known"] = response.status_code
    try:
        operation.validate_response(response)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        told["wrong"].append(f"not what the schema says: {error}")
    return told


def try_any(operation: Any, given: dict[str, Any], url: str, told: dict[str, Any]) -> None:
    """Send requests by chance, some of them at what is there."""
    statuses: Counter[int] = Counter()
    known = st.sampled_from([{}, given["path_parameters"]])
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    cases = st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])

    @hypothesis.seed(int(sys.argv[2]))
    @SETTINGS
    @hypothesis.given(case=cases, place=known)
    def run(case: Any, place: dict[str, Any]) -> None:
        case.path_parameters.update(place)
        case.headers["Authorization"] = given["authorization"]
        statuses[send(case, url, told).status_code] += 1

    run()
    told["statuses"] = dict(statuses)


def send(case: Any, url: str, told: dict[str, Any]) -> Any:
    """Send a request, and note an answer that tells of a fault."""
    response = case.call(base_url=url)
    if response.status_code >= 500 and response.status_code not in (503, 507):
        told["wrong"].append(f"{response.status_code}: {case.as_curl_command()[:2000]}")
    return response


main()
