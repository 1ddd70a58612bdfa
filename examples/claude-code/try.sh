#!/bin/sh
# Tells the hook what Claude Code would tell it before and after a command. Run it from the folder of the project, with
# the settings of the local stack in the environment.
set -eu
export COUNTERSIGN_TOOLS=examples/claude-code/tools.json PATH="$PWD/dist/bin:$PATH"
call="\"session_id\":\"try\",\"tool_use_id\":\"toolu_$$\",\"cwd\":\"$PWD\",\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"make clean\",\"description\":\"Clean the build\"}"
echo "{\"hook_event_name\":\"PreToolUse\",$call}" | countersign hook --shape claude
echo "{\"hook_event_name\":\"PostToolUse\",\"tool_response\":{},$call}" | countersign hook --shape claude
