// What Entra has to know: the API, the two programs that people use it with, and what the service may read in the
// directory. An administrator of Entra may deploy this file and identities.bicep alone.
extension microsoftGraphV1

param name string

@description('Object id of the identity that the service runs as.')
param appPrincipalId string

@description('Address of the console in the browser, to which Entra leads people back after they signed in.')
param consoleUrl string

@description('Whether the console is a tab in Teams, whose two clients then get tokens of people for the API.')
param teamsTab bool

var appRoles = [
  { value: 'Actions.Request', member: 'Application', says: 'Asks for actions' }
  { value: 'Grants.Redeem', member: 'Application', says: 'Executes what another agent asked for' }
  { value: 'Evidence.Read', member: 'User', says: 'Reads requests and events' }
  { value: 'Evidence.Export', member: 'User', says: 'Downloads bundles and what people wrote' }
  { value: 'Evidence.Erase', member: 'User', says: 'Erases what people wrote' }
  { value: 'Evidence.Hold', member: 'User', says: 'Puts requests on hold, so that nothing of them is erased' }
]
var permissions = ['User.Read.All', 'GroupMember.Read.All', 'Member.Read.Hidden']
var scopeId = guid('countersign', 'access_as_user')

// Teams in a browser, and elsewhere:
// https://learn.microsoft.com/microsoftteams/platform/tabs/how-to/authentication/tab-sso-register-aad
var teamsWeb = '5e3ce6c0-2b1f-4285-8d4b-75ee78787346'
var teamsApp = '1fec8e78-bce4-4aaf-ab1b-5451cc387264'
var teamsClients = [
  { appId: teamsWeb, delegatedPermissionIds: [scopeId] }
  { appId: teamsApp, delegatedPermissionIds: [scopeId] }
]
var teamsNames = teamsTab ? ',teamsweb=${teamsWeb},teamsapp=${teamsApp}' : ''

// Agents cannot act through these: people sign in to them themselves. The Azure CLI is not among them, since any
// script with a token of it would count as the person.
resource console 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: 'countersign-${name}-console'
  displayName: 'Countersign console (${name})'
  signInAudience: 'AzureADMyOrg'
  spa: { redirectUris: [consoleUrl] }
}

resource cli 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: 'countersign-${name}-cli'
  displayName: 'Countersign command (${name})'
  signInAudience: 'AzureADMyOrg'
  isFallbackPublicClient: true // for `countersign login --device`
  publicClient: { redirectUris: ['http://127.0.0.1/signed-in'] }
}

resource api 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: 'countersign-${name}'
  displayName: 'Countersign (${name})'
  signInAudience: 'AzureADMyOrg'
  api: {
    requestedAccessTokenVersion: 2 // of version 1, audience and issuer are others, and every call is refused
    oauth2PermissionScopes: [
      {
        id: scopeId
        value: 'access_as_user'
        type: 'User'
        isEnabled: true
        adminConsentDisplayName: 'Act for people in Countersign'
        adminConsentDescription: 'Lets a program read and decide requests as the person who signed in.'
        userConsentDisplayName: 'Act for you in Countersign'
        userConsentDescription: 'Lets a program read and decide requests as you.'
      }
    ]
    preAuthorizedApplications: union([
      { appId: console.appId, delegatedPermissionIds: [scopeId] }
      { appId: cli.appId, delegatedPermissionIds: [scopeId] }
    ], teamsTab ? teamsClients : [])
  }
  appRoles: [
    for role in appRoles: {
      id: guid('countersign', role.value)
      value: role.value
      displayName: role.value
      description: role.says
      allowedMemberTypes: [role.member]
      isEnabled: true
    }
  ]
}

resource consolePrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: console.appId
}

resource cliPrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: cli.appId
}

resource apiPrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: api.appId
}

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '00000003-0000-0000-c000-000000000000'
}

// Only read permissions: the service looks up people, their groups, and members of groups that hide them.
resource appReads 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [
  for permission in permissions: {
    appRoleId: filter(graph.appRoles, role => role.value == permission)[0].id
    principalId: appPrincipalId
    resourceId: graph.id
  }
]

output apiAppId string = api.appId
output cliAppId string = cli.appId
output consoleAppId string = console.appId
output clients string = 'console=${console.appId},cli=${cli.appId}${teamsNames}'
