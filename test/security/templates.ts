import type { Row, Switch } from './row.ts'

/** Switches a line of a template. The templates are evaluated, and what they deploy is compared with what the code needs. */
const line = (name: string, file: string, find: string, replace: string): Switch => ({
  ...{ name, file: `infra/${file}.bicep`, find, replace },
  tests: { 'test/infra/infra.test.ts': ['the templates hold, and deploy what the product needs: %s'] },
})

/** What a deployment to Azure allows to no one. */
export const templateRows: readonly Row[] = [
  {
    attack: 'A person with a key or a password opens the storage, the vault or the site, past all identities',
    control: 'Storage takes no keys, the vault no access policies, and publishing and the log no passwords',
    switches: [
      line('storage-without-keys', 'storage', 'allowSharedKeyAccess: false', 'allowSharedKeyAccess: true'),
      line('storage-without-strangers', 'storage', 'allowBlobPublicAccess: false', 'allowBlobPublicAccess: true'),
      line('vault-by-roles', 'vault', 'enableRbacAuthorization: true', 'enableRbacAuthorization: false'),
      line(
        'publishing-without-passwords',
        'app',
        "name: 'scm', properties: { allow: false }",
        "name: 'scm', properties: { allow: true }",
      ),
      line('log-without-a-key', 'monitoring', 'DisableLocalAuth: true', 'DisableLocalAuth: false'),
    ],
  },
  {
    attack:
      'An identity has more rights in Azure than it needs, or a script acts for a person with a token of another program',
    control:
      'Each role is on what it is for, the bot has none, and only console and command are authorized in advance, and Teams where the console is a tab in it',
    switches: [
      // Key Vault Crypto Officer may also delete keys.
      line(
        'roles-by-need',
        'vault',
        "'12338af0-0e69-4776-bea7-57ae8d297424'",
        "'14b46e9e-c2b7-41b4-b07b-48a6ebf60603'",
      ),
      line('host-apart-from-evidence', 'storage', 'roleDefinitionId: blobWriter,', 'roleDefinitionId: blobOwner,'),
      line(
        'clients-by-name',
        'entra',
        '{ appId: cli.appId, delegatedPermissionIds: [scopeId] }',
        "{ appId: '04b07795-8ddb-461a-bbee-02f9e1bf7b46', delegatedPermissionIds: [scopeId] }",
      ),
      line('directory-is-only-read', 'entra', "'User.Read.All'", "'User.ReadWrite.All'"),
    ],
  },
  {
    attack: 'A person deletes or shortens evidence or keys in Azure, by accident or on purpose',
    control:
      'Files are written once, account and vault have a lock, a deleted key can be restored, and foreign writes are logged',
    switches: [
      line(
        'evidence-written-once',
        'storage',
        'if (evidenceDays > 0 && !evidenceLocked)',
        'if (evidenceDays > 0 && evidenceLocked)',
      ),
      line('evidence-account-locked', 'storage', "level: 'CanNotDelete'", "level: 'ReadOnly'"),
      line('keys-are-not-purged', 'vault', 'enablePurgeProtection: true', 'enablePurgeProtection: false'),
      line(
        'foreign-writes-are-logged',
        'storage',
        "{ category: 'StorageWrite', enabled: true }",
        "{ category: 'StorageRead', enabled: true }",
      ),
    ],
  },
]
