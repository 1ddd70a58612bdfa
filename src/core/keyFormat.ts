/** How a vendor's keys are written, so that one is known on sight wherever it stands. */
export interface KeyFormat {
  readonly name: string
  readonly pattern: RegExp
  /** Where the vendor says so. */
  readonly source: string
}

/** Where no vendor's page says more than GitHub's list of what its partners registered. */
const registered = 'docs.github.com/en/code-security/reference/secret-security/supported-secret-scanning-patterns'

/** Where something begins: no letter or digit stands before it, unless as part of `\n` or `%3D`. */
export const beginning = '(?:(?<![A-Za-z0-9])|(?<=\\\\[nrt]|%[0-9A-Fa-f]{2}))'

/**
 * As many characters are matched as the shortest key has: every repetition has an upper bound, so the time is linear
 * in the text. Checksums, where keys have one, are not looked at: they could only let something pass that a person
 * would take for a key.
 */
const key = (name: string, pattern: string, source: string): KeyFormat => ({
  name,
  pattern: new RegExp(`${beginning}(?:${pattern})`),
  source,
})

/** No key below has fewer characters. */
export const shortestKey = 15

/** Published formats of keys. What has no format of its own is found by its name instead. */
export const keyFormats: readonly KeyFormat[] = [
  key(
    'AWS access key',
    '(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])',
    'docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html',
  ),
  key(
    'GitHub token',
    'gh[opusr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}',
    'github.blog/2021-04-05-behind-githubs-new-authentication-token-formats',
  ),
  key(
    'GitLab token',
    '(?:glpat|gldt|glrt|glrtr|glcbt|glptt|glft|glimt|glagent|glsoat|glffct|gloas)-[\\w-]{20}',
    'docs.gitlab.com/security/tokens/#token-prefixes',
  ),
  key('Slack token', 'xox[a-eoprs]-[\\w-]{10}|xapp-\\d-[A-Z0-9]{8}', 'docs.slack.dev/authentication/tokens'),
  key(
    'Slack webhook',
    'hooks\\.slack\\.com/(?:services|workflows|triggers)/[\\w/]{20}',
    'docs.slack.dev/messaging/sending-messages-using-incoming-webhooks',
  ),
  key('Stripe key', '(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16}|whsec_[A-Za-z0-9+/]{24}', 'docs.stripe.com/keys'),
  key('Google API key', 'AIza[\\w-]{35}', 'cloud.google.com/docs/authentication/api-keys'),
  key('Google OAuth secret', 'GOCSPX-[\\w-]{28}|ya29\\.[\\w-]{20}', registered),
  key(
    'Azure account key',
    '(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40}',
    'learn.microsoft.com/azure/storage/common/storage-configure-connection-string',
  ),
  key('Entra client secret', '[\\w~.-]{3}\\dQ~[\\w~.-]{31}', registered),
  key('Azure DevOps token', '[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}', 'github.com/microsoft/security-utilities'),
  key('Azure key', '[A-Za-z0-9]{52}JQQJ9[9D][A-Za-z0-9]{20}', 'github.com/microsoft/security-utilities'),
  key('npm token', 'npm_[A-Za-z0-9]{36}', 'github.blog/2021-09-23-announcing-npms-new-access-token-format'),
  key('PyPI token', 'pypi-AgE[\\w-]{50}', 'pypi.org/help/#apitoken'),
  key('Docker token', 'dckr_(?:pat|oat)_[\\w-]{27}', registered),
  key('Twilio key', 'SK[0-9a-f]{32}(?![A-Za-z0-9])', 'www.twilio.com/docs/iam/api-keys'),
  key('SendGrid key', 'SG\\.[\\w-]{22}\\.[\\w-]{43}', 'www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys'),
  key('Mailgun key', '(?<![A-Za-z0-9]-)key-[0-9a-f]{32}(?![A-Za-z0-9])', registered),
  key('DigitalOcean token', 'do[opr]_v1_[0-9a-f]{64}', 'docs.digitalocean.com/reference/api'),
  key('Shopify token', 'shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}', registered),
  key('Anthropic key', 'sk-ant-[a-z0-9]{3,8}-[\\w-]{32}', 'docs.anthropic.com/en/api'),
  key('OpenAI key', 'sk-(?:proj|svcacct|admin)-[\\w-]{40}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}', registered),
  key('Hugging Face token', '(?:hf|api_org)_[A-Za-z]{34}', 'huggingface.co/docs/hub/security-tokens'),
  key('Vault token', 'hv[sbr]\\.[\\w-]{24}', 'developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes'),
  key('HCP Terraform token', '[A-Za-z0-9]{14}\\.atlasv1\\.[\\w-]{60}', registered),
  key('Databricks token', 'dapi[0-9a-f]{32}', registered),
  key('Grafana token', 'glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_[A-Za-z0-9+/]{32}', registered),
  key('Atlassian token', 'AT(?:ATT|CTT|BB)[A-Za-z0-9][\\w-]{24}', registered),
  key('Linear key', 'lin_(?:api|oauth)_[A-Za-z0-9]{40}', registered),
  key('New Relic key', 'NRAK-[A-Z0-9]{27}', registered),
  key('Postman key', 'PMAK-[0-9a-f]{24}-[0-9a-f]{34}', registered),
  key('Doppler token', 'dp\\.(?:st|ct|sa|pt|scim|audit)\\.(?:[\\w-]{1,35}\\.)?[A-Za-z0-9]{40}', registered),
  key('1Password token', 'ops_eyJ[\\w+/-]{60}', 'developer.1password.com/docs/service-accounts'),
  key('age secret key', 'AGE-SECRET-KEY-1[A-Z0-9]{58}', 'github.com/C2SP/C2SP/blob/main/age.md'),
  key('private key', '-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----', 'RFC 7468'),
  key('PuTTY private key', 'PuTTY-User-Key-File-\\d', 'the.earth.li/~sgtatham/putty/latest/htmldoc/AppendixC.html'),
  key(
    'shared access signature',
    '(?<=[?&;])sig=[A-Za-z0-9%+/=]{40}',
    'learn.microsoft.com/rest/api/storageservices/create-service-sas',
  ),
  key(
    'presigned address',
    '(?<=[?&])X-(?:Amz|Goog)-Signature=[0-9a-f]{64}',
    'docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html',
  ),
]
