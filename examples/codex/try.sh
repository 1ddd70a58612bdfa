#!/bin/sh
# Tells the hook what Codex would tell it before and after a command. Run it from the folder of the project, with
# the settings of the local stack in the environment.
set -eu
export COUNTERSIGN_TOOLS=examples/codex/tools.json PATH="$PWD/dist/bin:$PATH"
call="\"session_id\":\"try\",\"tool_use_id\":\"call_$$\",\"cwd\":\"$PWD\",\"tool_name\":\"exec_command\",\"tool_input\":{\"cmd\":\"make clean\"}"
echo "{\"hook_event_name\":\"PreToolUse\",$call}" | countersign hook --shape codex
echo "{\"hook_event_name\":\"PostToolUse\",\"tool_response\":{},$call}" | countersign hook --shape codex
