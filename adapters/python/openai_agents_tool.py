"""A tool of the OpenAI Agents SDK that runs only after Countersign has approved exactly the call.

NOT RUN: this example was written against the SDK's documentation (openai-agents, ToolContext) and checked for its syntax alone.

    pip install openai-agents ./clients/python

The tool waits in its process. The adapter for JavaScript, which was run, also stops a run (docs/agents/adapters/openai-agents.md).
"""

from dataclasses import dataclass

import countersign
from agents import Agent, function_tool
from agents.tool_context import ToolContext

client = countersign.Countersign.from_environment()


@dataclass
class Run:
    # Names the run in every process that goes on with it: with some providers the ids of calls repeat.
    name: str


@function_tool
async def export_rows(context: ToolContext[Run], rows: int) -> str:
    """Exports rows of the customers."""
    action = {
        "action": "db.export",
        "target": "prod/postgres/customers",
        "environment": "production",
        "params": {"rows": rows},
    }
    try:
        return await client.agate(
            action,
            lambda approved: f"exported {approved['params']['rows']} rows",
            reason="Quarterly churn report",
            key=countersign.key_of("openai", context.context.name, context.tool_call_id),
        )
    except countersign.CountersignError as error:
        return countersign.explain(error)


agent = Agent(name="reports", instructions="Export what is asked for.", tools=[export_rows])
