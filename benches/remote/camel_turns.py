"""The conversations of turns.rs, held by CAMEL's ChatAgent. Prints one JSON line. See README.md."""

import asyncio
import json
import resource
import sys
import time

from camel.agents import ChatAgent
from camel.models import ModelFactory
from camel.types import ModelPlatformType
from camel.utils import BaseTokenCounter

SYSTEM = (
    "You solve problems of mathematics step by step. Call the tool for every calculation. Put the answer into \\boxed{}."
)


class FourBytesAToken(BaseTokenCounter):
    """CAMEL's own counter downloads its vocabulary and is dearer; this one is in its favour."""

    def count_tokens_from_messages(self, messages):
        return sum(len(str(message.get("content") or "")) for message in messages) // 4

    def encode(self, text):
        return list(range(len(text) // 4))

    def decode(self, token_ids):
        return ""


def add(a: str, b: str) -> str:
    """Adds two numbers.

    Args:
        a (str): The first number.
        b (str): The second number.
    """
    return str(int(a) + int(b))


async def conversation(model, i):
    agent = ChatAgent(SYSTEM, model=model, tools=[add])
    reply = await agent.astep(f"What is {i} + 7?")
    return "\\boxed{%d}" % (i + 7) in reply.msgs[0].content


async def drive(url, conversations, in_flight):
    model = ModelFactory.create(
        model_platform=ModelPlatformType.OPENAI_COMPATIBLE_MODEL,
        model_type="mock",
        url=url,
        api_key="none",
        token_counter=FourBytesAToken(),
    )
    slots = asyncio.Semaphore(in_flight)

    async def one(i):
        async with slots:
            return await conversation(model, i)

    await one(-1)  # Whatever is done once is not counted.
    started, before = time.time(), resource.getrusage(resource.RUSAGE_SELF)
    right = sum(await asyncio.gather(*(one(i) for i in range(conversations))))
    seconds, after = time.time() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    turns = 2 * conversations
    print(
        json.dumps(
            {
                "client": "camel",
                "turns": turns,
                "right": right,
                "in_flight": in_flight,
                "seconds": round(seconds, 2),
                "turns_per_second": round(turns / seconds),
                "cpu_us_per_turn": round(cpu * 1e6 / turns),
                "peak_mb": after.ru_maxrss // 1024,
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(drive(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
