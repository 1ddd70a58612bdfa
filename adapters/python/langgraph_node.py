"""A node of LangGraph that runs only after Countersign has approved exactly its action.

NOT RUN: this example was written against LangGraph's documentation (1.x) and checked for its syntax alone.

    pip install langgraph ./clients/python

The node waits in its process. The adapter for JavaScript, which was run, also pauses a graph (docs/agents/adapters/langgraph.md).
"""

from typing import TypedDict

import countersign
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import END, START, StateGraph

client = countersign.Countersign.from_environment()


class State(TypedDict):
    rows: int
    said: str


def export_rows(rows: int) -> str:
    return f"exported {rows} rows"


async def export(state: State, config: dict) -> dict:
    # The thread and the step name the call, so that a node which starts over finds its request.
    key = countersign.key_of("langgraph", config["configurable"]["thread_id"], "export")
    action = {
        "action": "db.export",
        "target": "prod/postgres/customers",
        "environment": "production",
        "params": {"rows": state["rows"]},
    }
    try:
        said = await client.agate(
            action, lambda approved: export_rows(**approved["params"]), reason="Quarterly churn report", key=key
        )
    except countersign.CountersignError as error:
        said = countersign.explain(error)
    return {"said": said}


graph = (
    StateGraph(State)
    .add_node("export", export)
    .add_edge(START, "export")
    .add_edge("export", END)
    .compile(checkpointer=MemorySaver())
)
