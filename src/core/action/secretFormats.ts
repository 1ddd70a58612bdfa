/** How a vendor's keys are written, so that one is recognised wherever it stands. */
export interface KeyFormat {
  readonly name: string
  readonly pattern: RegExp
  /**
   * The vendor's page that describes the keys, or at least how they begin. Lengths and alphabets that the page leaves
   * out come from `scanned`. If no such page is known, the scanner or code that has the format.
   */
  readonly source: string
}

/** Both scanners have the format, and no page of the vendor is known. */
const scanned = 'github.com/gitleaks/gitleaks, github.com/trufflesecurity/trufflehog'

/** Only this scanner has the format. */
const gitleaks = 'github.com/gitleaks/gitleaks'
const trufflehog = 'github.com/trufflesecurity/trufflehog'

/** The beginning of a key: no letter or digit stands before it, except as part of an escape such as `\n` or `%3D`. */
export const beginning = '(?:(?<![A-Za-z0-9])|(?<=\\\\[nrt]|%[0-9A-Fa-f]{2}))'

/**
 * Makes a format. A pattern matches as many characters as the shortest key has: every repetition has an upper bound, so
 * the time is linear in the text.
 *
 * Checksums of keys are not verified: a text that looks like a key and has a wrong checksum would pass.
 */
const key = (name: string, pattern: string, source: string): KeyFormat => ({
  name,
  pattern: new RegExp(`${beginning}(?:${pattern})`),
  source,
})

/** No key below has fewer characters. */
export const shortestKey = 15

/** Published formats of keys. Secrets without a format of their own are found by their names instead. */
export const keyFormats: readonly KeyFormat[] = [
  key(
    'AWS access key',
    '(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])',
    'docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html',
  ),
  key(
    'GitHub token',
    'gh[opusr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}',
    'docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github',
  ),
  key(
    'GitLab token',
    '(?:glpat|gldt|glrt|glrtr|glcbt|glptt|glft|glimt|glagent|glsoat|glffct|gloas|glwt)-[\\w-]{20}',
    'docs.gitlab.com/security/tokens/#token-prefixes',
  ),
  key('Slack token', '(?:xox[a-eoprs]|xwfp)-[\\w-]{10}|xapp-\\d-[A-Z0-9]{8}', 'docs.slack.dev/authentication/tokens'),
  key(
    'Slack webhook',
    'hooks\\.slack\\.com/(?:services|workflows|triggers)/[\\w/]{20}',
    'docs.slack.dev/messaging/sending-messages-using-incoming-webhooks',
  ),
  key(
    'Stripe key',
    '(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16}|whsec_[A-Za-z0-9+/]{24}',
    'docs.stripe.com/keys, docs.stripe.com/webhooks',
  ),
  key('Google API key', 'AIza[\\w-]{35}', gitleaks),
  key(
    'Google OAuth secret',
    'GOCSPX-[\\w-]{28}|ya29\\.[\\w-]{20}',
    `${trufflehog}; GOCSPX is seen in public code alone`,
  ),
  key(
    'Azure account key',
    '(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40}',
    'learn.microsoft.com/azure/storage/common/storage-configure-connection-string',
  ),
  key('Entra client secret', '[\\w~.-]{3}\\dQ~[\\w~.-]{31}', 'github.com/microsoft/security-utilities'),
  key(
    'Azure DevOps token',
    '[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}',
    'learn.microsoft.com/purview/sit-defn-azure-devops-personal-access-token',
  ),
  key('Azure key', '[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9]{20}', 'github.com/microsoft/security-utilities'),
  key('npm token', 'npm_[A-Za-z0-9]{36}', 'github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format'),
  key('PyPI token', 'pypi-[\\w-]{85}', 'docs.pypi.org/api/secrets'),
  key('Docker token', 'dckr_(?:pat|oat)_[\\w-]{27}', trufflehog),
  key('Twilio key', 'SK[0-9a-fA-F]{32}(?![A-Za-z0-9])', 'www.twilio.com/docs/iam/api-keys/key-resource-v1'),
  key('SendGrid key', 'SG\\.[\\w-]{22}\\.[\\w-]{43}', scanned),
  key('Mailgun key', '(?<![A-Za-z0-9]-)key-[0-9a-f]{32}(?![A-Za-z0-9])', scanned),
  key('DigitalOcean token', 'do[opr]_v1_[0-9a-f]{64}', 'docs.digitalocean.com/release-notes/api'),
  key(
    'Shopify token',
    'shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}',
    'shopify.dev/changelog/length-of-the-shopify-access-token-is-increasing',
  ),
  key('Anthropic key', 'sk-ant-[a-z0-9]{3,8}-[\\w-]{32}', scanned),
  key('OpenAI key', 'sk-(?:proj|svcacct|service|admin)-[\\w-]{40}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}', scanned),
  key('Hugging Face token', '(?:hf|api_org)_[A-Za-z0-9]{34}', scanned),
  key('Vault token', 'hv[sbr]\\.[\\w-]{24}', 'developer.hashicorp.com/vault/docs/concepts/tokens'),
  key('HCP Terraform token', '[A-Za-z0-9]{14}\\.atlasv1\\.[\\w-]{60}', scanned),
  key('Databricks token', 'dapi[0-9a-f]{32}', scanned),
  key('Grafana token', 'glsa_[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}|glc_[A-Za-z0-9+/]{32}', scanned),
  key('Atlassian token', 'AT(?:ATT|CTT|BB)[A-Za-z0-9][\\w-]{24}', scanned),
  key('Linear key', 'lin_api_[A-Za-z0-9]{40}', scanned),
  key('New Relic key', 'NRAK-[A-Za-z0-9]{27}', gitleaks),
  key('Postman key', 'PMAK-[0-9A-Fa-f]{24}-[0-9A-Fa-f]{34}', scanned),
  key('Doppler token', 'dp\\.(?:st|ct|sa|pt|scim|audit)\\.(?:[\\w-]{1,35}\\.)?[A-Za-z0-9]{40}', scanned),
  key('1Password token', 'ops_eyJ[\\w+/-]{60}', gitleaks),
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
