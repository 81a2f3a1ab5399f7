"""Prints what sseclient-py hears: a line of JSON for each event. Runs apart from the server's own Python.

python sse_driver.py URL AUTHORIZATION EVENTS [LAST_EVENT_ID]
"""

import json
import sys
import urllib.request

import sseclient

url, authorization, number, *last = sys.argv[1:]
headers = {"Accept": "text/event-stream", "Authorization": authorization}
if last:
    headers["Last-Event-ID"] = last[0]
asked = urllib.request.Request(url, headers=headers)  # noqa: S310 - the test's own server
response = urllib.request.urlopen(asked, timeout=60)  # noqa: S310
client = sseclient.SSEClient(iter(response.readline, b""))
for _, event in zip(range(int(number)), client.events(), strict=False):
    told = {
        "name": event.event,
        "data": json.loads(event.data),
        "id": event.id,
        "retry": event.retry,
    }
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
