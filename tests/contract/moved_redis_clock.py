"""What a stream looks like after Redis's clock was set: no server lets a test set it."""

import struct
import time
from typing import Any

_CRC_POLYNOMIAL = 0x95AC9329AC4BC9B5
"""CRC-64 as Redis ends its dumps with (Jones, reflected)."""
_FOOTER = struct.Struct("<HQ")


async def deliver_in_the_future(redis: Any, stream: str, *, hours: int) -> int:
    """
    Every pending entry as if delivered hours from now, as it is once the clock was set back; how many there were.

    XCLAIM takes no such moment, so the stream is dumped, changed, and restored.
    """
    dump = bytearray(await redis.dump(stream))
    body, (version, _) = dump[: -_FOOTER.size], _FOOTER.unpack(dump[-_FOOTER.size :])
    now = int(time.time() * 1000)
    moved = 0
    for place in range(len(body) - 7):
        (moment,) = struct.unpack_from("<Q", body, place)
        if now - 60_000 < moment <= now + 1000:
            struct.pack_into("<Q", body, place, moment + hours * 3_600_000)
            moved += 1
    await redis.restore(stream, 0, bytes(body) + _FOOTER.pack(version, _crc(body, version)), replace=True)
    return moved


async def deliver_long_ago(redis: Any, stream: str, group: str, *, hours: int) -> None:
    """Every pending entry as if delivered hours ago, as it is once the clock was set forth."""
    for held in await redis.xpending_range(stream, group, "-", "+", 100):
        await redis.xclaim(
            stream, group, held["consumer"], 0, [held["message_id"]], idle=hours * 3_600_000, justid=True
        )


def _crc(body: bytearray, version: int) -> int:
    crc = 0
    for byte in bytes(body) + struct.pack("<H", version):
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (_CRC_POLYNOMIAL if crc & 1 else 0)
    return crc
