import '../src/runtime/quickWasm.ts'
import { app as functions } from '@azure/functions'
import { start } from '../src/deployed.ts'
import './api.ts'
import './authzen.ts'
import './azureDevOps.ts'
import './console.ts'
import './elsewhere.ts'
import './github.ts'
import './messages.ts'
import './slack.ts'
import './timers.ts'

/** Without streams the worker holds a whole bundle in memory before it sends the first byte. */
functions.setup({ enableHttpStream: true })

/** A missing setting, a bad policy or another deployment's ledger stops the start, by name. An outage does not. */
functions.hook.appStart(start)
