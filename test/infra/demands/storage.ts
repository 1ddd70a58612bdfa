import { type Deployment, expectParts, partIn } from './demands.ts'

const account = 'Microsoft.Storage/storageAccounts'
const container = `${account}/blobServices/containers`
const policy = `${container}/immutabilityPolicies`

/** Containers and tables are those that the product opens; evidence is written once, and nothing opens with a key. */
export function storageFaults(deployment: Deployment): void {
  const { all, one, choices, fault } = deployment
  const isPrivate = choices.private === true
  const accounts = all(account)
  if (accounts.length !== 2) fault('storage.bicep', 'there are two storage accounts: of the host, and of the evidence')
  for (const each of accounts)
    expectParts(deployment, each, 'storage.bicep: an account', {
      kind: 'StorageV2',
      'properties.allowBlobPublicAccess': false,
      'properties.allowCrossTenantReplication': false,
      'properties.allowSharedKeyAccess': false,
      'properties.defaultToOAuthAuthentication': true,
      'properties.isLocalUserEnabled': false,
      'properties.minimumTlsVersion': 'TLS1_2',
      'properties.supportsHttpsTrafficOnly': true,
      'properties.publicNetworkAccess': isPrivate ? 'Disabled' : 'Enabled',
      'properties.networkAcls.defaultAction': isPrivate ? 'Deny' : 'Allow',
    })
  const [host, evidence] = [one(account, /^sthost/), one(account, /^stevid/)]
  const others = [...(choices.backup ? ['backup'] : []), ...(choices.sinks ? ['export'] : [])]
  const wanted = ['evidence', 'public', ...others].map((name) => `${evidence?.name}/${name}`)
  exactly(deployment, container, [`${host?.name}/packages`, ...wanted])
  exactly(
    deployment,
    `${account}/tableServices/tables`,
    ['ledger', 'limits'].map((name) => `${evidence?.name}/${name}`),
  )
  onceFaults(deployment)
  backupFaults(deployment)
  for (const [name, days] of [
    ['sthost', 7],
    ['stevid', 7],
  ] as const) {
    const service = all(`${account}/blobServices`).find(({ id }) => id.includes(`/${name}`))
    expectParts(deployment, service, `storage.bicep: the blob service of ${name}`, {
      'properties.deleteRetentionPolicy': { enabled: true, days },
    })
  }
}

/** Demands these and no others, each by the name of its account and its own. */
function exactly({ all, fault }: Deployment, type: string, wanted: readonly string[]): void {
  const kind = type.split('/').at(-1) ?? type
  const found = all(type).map((each) => ({
    each,
    name: `${each.id.split('/storageAccounts/')[1]?.split('/')[0]}/${each.name}`,
  }))
  for (const name of wanted)
    if (!found.some((one) => one.name === name)) fault('storage.bicep', `${kind}: ${name} is missing`)
  for (const { each, name } of found) if (!wanted.includes(name)) fault(each, `${kind}: nothing uses ${name}`)
}

/** Files of evidence can be changed by nobody. A locked policy takes no deployment, and others' blobs are replaced. */
function onceFaults(deployment: Deployment): void {
  const { all, choices, fault } = deployment
  const { evidenceDays = 2555, evidenceLocked = false } = choices
  const policies = all(policy)
  for (const one of policies)
    if (!one.id.includes('/containers/evidence/')) fault(one, 'only files of evidence are written once')
  const isWanted = evidenceDays > 0 && !evidenceLocked
  if (!isWanted) for (const one of policies) fault(one, 'there is a policy, although it is locked or not wanted')
  if (isWanted)
    expectParts(deployment, policies[0], 'storage.bicep: the policy of the container evidence', {
      'properties.immutabilityPeriodSinceCreationInDays': evidenceDays,
      'properties.allowProtectedAppendWrites': false,
    })
}

/** What people wrote may be in a backup, and can be erased: no backup is older than 30 days. */
function backupFaults(deployment: Deployment): void {
  const { all, choices, fault } = deployment
  const policies = all(`${account}/managementPolicies`)
  if (!choices.backup) {
    for (const one of policies) fault(one, 'files are deleted by themselves, although there are no backups')
    return
  }
  const rules = partIn(policies[0]?.body, 'properties', 'policy', 'rules')
  const [rule] = Array.isArray(rules) ? rules : []
  const holds = {
    enabled: true,
    definition: {
      filters: { blobTypes: ['blockBlob'], prefixMatch: ['backup/'] },
      actions: { baseBlob: { delete: { daysAfterCreationGreaterThan: 30 } } },
    },
  }
  const { enabled, definition } = { enabled: partIn(rule, 'enabled'), definition: partIn(rule, 'definition') }
  const [one] = policies
  if (!one || !one.id.includes('/stevid')) return fault('storage.bicep', 'backups are kept for ever')
  if (JSON.stringify({ enabled, definition }) !== JSON.stringify(holds))
    fault(one, 'backups, and nothing else, are deleted after 30 days', [
      'properties',
      'policy',
      'rules',
      0,
      'definition',
    ])
}
