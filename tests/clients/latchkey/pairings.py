"""Pairs with the service on this machine many times, and talks to it in each envelope by turns.

Usage: pairings.py URL COUNT
"""

import asyncio
import json
import sys
import urllib.request

import latchkey


def call_local(url, method, params=None):
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    headers = {"Content-Type": "application/json"}
    body = json.dumps(request).encode()
    asked = urllib.request.Request(f"{url}/api", data=body, headers=headers)
    with urllib.request.urlopen(asked, timeout=30) as response:
        return json.load(response)["result"]


async def pair_once(url, number):
    pin = call_local(url, "clients.pair.start")["pin"]
    name = f"Gerät {number} 🎮"
    credentials = await latchkey.pair(url, pin, name=name, timeout=60)
    envelope = ("json", "binary")[number % 2]
    async with latchkey.connect(credentials, envelope=envelope, timeout=60) as device:
        client = (await device.call("clients.current"))["client"]
        assert (client["clientId"], client["clientName"]) == (credentials.client_id, name), client
    call_local(url, "clients.delete", {"clientId": credentials.client_id})


async def main():
    url, count = sys.argv[1], int(sys.argv[2])
    for number in range(count):
        await pair_once(url, number)
    print(f"{count} pairings")


asyncio.run(main())
