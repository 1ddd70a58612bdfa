import { actionRows } from './security/actions.ts'
import { approverRows } from './security/approvers.ts'
import { authzenRows } from './security/authzen.ts'
import { backupRows } from './security/backup.ts'
import { callerRows } from './security/callers.ts'
import { consoleRows } from './security/console.ts'
import { cosignatureRows } from './security/cosignatures.ts'
import { deputyRows } from './security/deputies.ts'
import { erasureRows } from './security/erasures.ts'
import { evidenceRows } from './security/evidence.ts'
import { exportRows } from './security/exports.ts'
import { rosterRows } from './security/rosters.ts'
import { floodRows } from './security/floods.ts'
import { grantRows } from './security/grants.ts'
import { holdRows } from './security/holds.ts'
import { inputRows } from './security/inputs.ts'
import { localRows } from './security/local.ts'
import { lookAlikeRows } from './security/lookAlikes.ts'
import { noticeRows } from './security/notices.ts'
import { operatorRows } from './security/operators.ts'
import { pipelineRows } from './security/pipelines.ts'
import { pythonRows } from './security/python.ts'
import { refusalRows } from './security/refusals.ts'
import { repairRows } from './security/repairs.ts'
import { sinkRows } from './security/sinks.ts'
import { slackRows } from './security/slack.ts'
import { narrowingRows } from './security/narrowing.ts'
import { standingRows } from './security/standing.ts'
import { scriptRows } from './security/scripts.ts'
import { witnessRows } from './security/witnesses.ts'
import type { Row } from './security/row.ts'
import { verifyPageRows } from './security/verifyPage.ts'
import { storageRows } from './security/storage.ts'
import { talkRows } from './security/talk.ts'
import { targetRows } from './security/targets.ts'
import { templateRows } from './security/templates.ts'
import { toolCallRows } from './security/toolCalls.ts'

/** Every attack of docs/security/controls.md, its controls, and the tests that turn red without them (`npm run trial -- controls`). */
export const rows: readonly Row[] = [
  ...callerRows,
  ...slackRows,
  ...pipelineRows,
  ...approverRows,
  ...deputyRows,
  ...noticeRows,
  ...actionRows,
  ...grantRows,
  ...authzenRows,
  ...floodRows,
  ...inputRows,
  ...storageRows,
  ...evidenceRows,
  ...scriptRows,
  ...verifyPageRows,
  ...erasureRows,
  ...exportRows,
  ...rosterRows,
  ...holdRows,
  ...consoleRows,
  ...refusalRows,
  ...talkRows,
  ...standingRows,
  ...narrowingRows,
  ...witnessRows,
  ...cosignatureRows,
  ...sinkRows,
  ...backupRows,
  ...operatorRows,
  ...repairRows,
  ...templateRows,
  ...targetRows,
  ...lookAlikeRows,
  ...localRows,
  ...pythonRows,
  ...toolCallRows,
]
