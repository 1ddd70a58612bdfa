import type { Type } from './types.ts'

const boolean: Type = { kind: 'boolean' }
const words: Type = { kind: 'object', members: {}, others: () => text() }
const guid: Type = { ...text(36, 36), pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' }
/** ISO 8601, in minutes, hours or days. */
const duration: Type = { kind: 'text', pattern: '^P(T\\d+[MH]|\\d+D)$' }
const address: Type = { kind: 'text', pattern: '^https?://[^\\s/]+/' }

/**
 * Types that the package of Bicep's definitions lacks. Each was written after the page that is named beside it, with the
 * members that a template may set or read. A name ends with `!` for a member that is required, and with `-` for one that
 * can only be read.
 */
export const ownTypes: Readonly<Record<string, Type>> = {
  // https://learn.microsoft.com/azure/templates/microsoft.authorization/2020-05-01/locks
  'Microsoft.Authorization/locks@2020-05-01': object({
    'name!': text(1, 260),
    'properties!': object({
      'level!': oneOf('CanNotDelete', 'ReadOnly'),
      notes: text(0, 512),
      owners: list(object({ applicationId: text() })),
    }),
    'id-': text(),
  }),
  // https://learn.microsoft.com/azure/templates/microsoft.insights/2021-05-01-preview/diagnosticsettings
  'Microsoft.Insights/diagnosticSettings@2021-05-01-preview': object({
    'name!': text(1, 260),
    properties: object({
      logAnalyticsDestinationType: oneOf('Dedicated', 'AzureDiagnostics'),
      logs: list(object({ category: text(), categoryGroup: oneOf('audit', 'allLogs'), 'enabled!': boolean })),
      metrics: list(object({ category: text(), 'enabled!': boolean })),
      storageAccountId: text(),
      workspaceId: text(),
    }),
    'id-': text(),
  }),
  // https://learn.microsoft.com/azure/templates/microsoft.insights/2023-03-11/datacollectionrules
  'Microsoft.Insights/dataCollectionRules@2023-03-11': object({
    'name!': text(1, 64),
    'location!': text(1),
    kind: oneOf('Direct', 'Linux', 'Windows', 'AgentDirectToStore', 'WorkspaceTransforms'),
    tags: words,
    'properties!': object({
      description: text(),
      dataCollectionEndpointId: text(),
      streamDeclarations: {
        kind: 'object',
        members: {},
        others: () =>
          object({
            'columns!': list(
              object({
                'name!': text(1),
                'type!': oneOf('boolean', 'datetime', 'dynamic', 'int', 'long', 'real', 'string'),
              }),
            ),
          }),
      },
      destinations: object({
        logAnalytics: list(object({ 'name!': text(1), 'workspaceResourceId!': text(1), 'workspaceId-': text() })),
      }),
      dataFlows: list(
        object({
          'streams!': list(text(1)),
          'destinations!': list(text(1)),
          transformKql: text(),
          outputStream: text(),
        }),
      ),
      'endpoints-': object({ 'logsIngestion-': text(), 'metricsIngestion-': text() }),
      'immutableId-': text(),
    }),
    'id-': text(),
  }),
  // https://learn.microsoft.com/azure/templates/microsoft.insights/2023-01-01/actiongroups
  'Microsoft.Insights/actionGroups@2023-01-01': object({
    'name!': text(1, 260),
    'location!': oneOf('global'),
    tags: words,
    properties: object({
      'groupShortName!': text(1, 12),
      'enabled!': boolean,
      emailReceivers: list(
        object({ 'name!': text(1), 'emailAddress!': text(3), useCommonAlertSchema: boolean, 'status-': text() }),
      ),
      webhookReceivers: list(object({ 'name!': text(1), 'serviceUri!': text(1), useCommonAlertSchema: boolean })),
    }),
    'id-': text(),
  }),
  // https://learn.microsoft.com/azure/templates/microsoft.insights/2023-12-01/scheduledqueryrules
  'Microsoft.Insights/scheduledQueryRules@2023-12-01': object({
    'name!': text(1, 260),
    'location!': text(1),
    kind: oneOf('LogAlert', 'LogToMetric'),
    tags: words,
    'properties!': object({
      actions: object({ actionGroups: list(text(1)), actionProperties: words, customProperties: words }),
      autoMitigate: boolean,
      criteria: object({
        allOf: list(
          object({
            dimensions: list(
              object({ 'name!': text(1), 'operator!': oneOf('Include', 'Exclude'), 'values!': list(text()) }),
            ),
            failingPeriods: object({ minFailingPeriodsToAlert: count(1, 6), numberOfEvaluationPeriods: count(1, 6) }),
            metricMeasureColumn: text(),
            operator: oneOf('Equals', 'GreaterThan', 'GreaterThanOrEqual', 'LessThan', 'LessThanOrEqual'),
            query: text(1),
            resourceIdColumn: text(),
            threshold: count(0),
            timeAggregation: oneOf('Average', 'Count', 'Maximum', 'Minimum', 'Total'),
          }),
        ),
      }),
      description: text(),
      displayName: text(),
      enabled: boolean,
      evaluationFrequency: duration,
      muteActionsDuration: duration,
      overrideQueryTimeRange: duration,
      scopes: list(text(1)),
      severity: count(0, 4),
      skipQueryValidation: boolean,
      targetResourceTypes: list(text()),
      windowSize: duration,
    }),
    'id-': text(),
  }),
  // https://learn.microsoft.com/azure/templates/microsoft.insights/2018-03-01/metricalerts
  'Microsoft.Insights/metricAlerts@2018-03-01': object({
    'name!': text(1, 260),
    'location!': oneOf('global'),
    tags: words,
    'properties!': object({
      actions: list(object({ 'actionGroupId!': text(1), webHookProperties: words })),
      autoMitigate: boolean,
      'criteria!': {
        kind: 'cases',
        by: 'odata.type',
        members: {},
        cases: {
          'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria': () =>
            object({
              'odata.type!': text(1),
              'componentId!': text(1),
              'failedLocationCount!': count(1, 16),
              'webTestId!': text(1),
            }),
        },
      },
      description: text(),
      'enabled!': boolean,
      'evaluationFrequency!': duration,
      'scopes!': list(text(1)),
      'severity!': count(0, 4),
      targetResourceRegion: text(),
      targetResourceType: text(),
      'windowSize!': duration,
    }),
    'id-': text(),
  }),
  // https://learn.microsoft.com/azure/templates/microsoft.network/2024-06-01/privatednszones
  'Microsoft.Network/privateDnsZones@2024-06-01': object({
    'name!': text(1, 63),
    location: oneOf('global'),
    tags: words,
    properties: object({}),
    'id-': text(),
  }),
  // https://learn.microsoft.com/azure/templates/microsoft.network/2024-06-01/privatednszones/virtualnetworklinks
  'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01': object({
    'name!': text(1, 80),
    location: oneOf('global'),
    tags: words,
    properties: object({
      registrationEnabled: boolean,
      resolutionPolicy: oneOf('Default', 'NxDomainRedirect'),
      virtualNetwork: object({ id: text(1) }),
    }),
    'id-': text(),
  }),
  // https://learn.microsoft.com/graph/templates/bicep/reference/applications
  'Microsoft.Graph/applications@v1.0': object({
    'uniqueName!': text(1),
    'displayName!': text(1, 256),
    description: text(0, 1024),
    signInAudience: oneOf('AzureADMyOrg', 'AzureADMultipleOrgs', 'AzureADandPersonalMicrosoftAccount'),
    identifierUris: list(text(1)),
    isFallbackPublicClient: boolean,
    publicClient: object({ redirectUris: list(address) }),
    spa: object({ redirectUris: list(address) }),
    web: object({ redirectUris: list(address), homePageUrl: text(), logoutUrl: text() }),
    requiredResourceAccess: list(
      object({
        'resourceAppId!': text(1),
        'resourceAccess!': list(object({ 'id!': guid, 'type!': oneOf('Role', 'Scope') })),
      }),
    ),
    api: object({
      acceptMappedClaims: boolean,
      knownClientApplications: list(text()),
      oauth2PermissionScopes: list(
        object({
          'id!': guid,
          'value!': text(1, 120),
          'type!': oneOf('User', 'Admin'),
          'isEnabled!': boolean,
          'adminConsentDisplayName!': text(1, 100),
          'adminConsentDescription!': text(1),
          userConsentDisplayName: text(1, 100),
          userConsentDescription: text(1),
        }),
      ),
      preAuthorizedApplications: list(object({ 'appId!': guid, 'delegatedPermissionIds!': list(guid) })),
      requestedAccessTokenVersion: count(1, 2),
    }),
    appRoles: list(appRole()),
    'appId-': guid,
    'id-': guid,
  }),
  // https://learn.microsoft.com/graph/templates/bicep/reference/serviceprincipals
  'Microsoft.Graph/servicePrincipals@v1.0': object({
    'appId!': guid,
    accountEnabled: boolean,
    appRoleAssignmentRequired: boolean,
    displayName: text(),
    tags: list(text()),
    appRoles: list(appRole()),
    'id-': guid,
  }),
  // https://learn.microsoft.com/graph/templates/bicep/reference/approleassignedto
  'Microsoft.Graph/appRoleAssignedTo@v1.0': object({
    'appRoleId!': guid,
    'principalId!': guid,
    'resourceId!': guid,
    resourceDisplayName: text(),
    'id-': guid,
  }),
}

function appRole(): Type {
  return object({
    'id!': guid,
    'value!': text(1, 120),
    'displayName!': text(1),
    'description!': text(1),
    'allowedMemberTypes!': list(oneOf('User', 'Application')),
    'isEnabled!': boolean,
  })
}

function object(members: Readonly<Record<string, Type>>): Type & { readonly kind: 'object' } {
  const named = Object.entries(members).map(([key, type]) => {
    const [, name = '', mark] = /^(.*?)([!-]?)$/.exec(key) ?? []
    return [name, { type: () => type, isRequired: mark === '!', isReadOnly: mark === '-' }] as const
  })
  return { kind: 'object', members: Object.fromEntries(named), others: null }
}

function list(of: Type): Type {
  return { kind: 'list', of: () => of }
}

function text(min = 0, max = Number.POSITIVE_INFINITY): Type & { readonly kind: 'text' } {
  return { kind: 'text', min, max }
}

function count(min: number, max = Number.POSITIVE_INFINITY): Type {
  return { kind: 'number', min, max }
}

function oneOf(...values: readonly string[]): Type {
  return { kind: 'union', of: values.map((value) => () => ({ kind: 'literal', value })) }
}
