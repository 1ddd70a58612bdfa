import type { PolicyInForce } from '../../contract/policyAnswers.ts'
import { visible } from '../../core/data/text.ts'
import { tiers } from '../../core/request/event.ts'
import { spoken } from '../../words/spoken.ts'
import { useAnswer } from '../answers.ts'
import { Badge, Loaded, Page, Untrusted, Wide } from '../kit.tsx'
import { useSigned } from '../me.ts'
import { Named, useIds } from '../names.tsx'
import { pageWords } from '../pageWords.ts'
import { peopleIn } from '../people.ts'
import { address, go } from '../router.ts'
import { Trial } from '../trial.tsx'
import { words } from '../words.ts'

/** The policy in force: its rules in words, who may approve, the agents; and a form that tries an ask. */
export function PolicyPage({ query }: { readonly query: URLSearchParams }) {
  const { api } = useSigned()
  const policy = useAnswer('policy', (signal) => api.get<PolicyInForce>('/api/policy', { signal }))
  const [ids, idsButton] = useIds()
  return (
    <Page title={words.pages.policy} about={pageWords.policy.about} actions={idsButton}>
      <Loaded loading={policy}>
        {(inForce) => (
          <div class="request both">
            <div>
              <p class="quiet small">
                {pageWords.policy.version}: <span class="mono">{inForce.version}</span>
              </p>
              <Rules policy={inForce} action={query.get('action') ?? ''} />
              <Groups policy={inForce} ids={ids} />
              <Agents policy={inForce} ids={ids} />
            </div>
            <Trial policy={inForce} readAgain={policy.again} />
          </div>
        )}
      </Loaded>
    </Page>
  )
}

interface RulesProps {
  readonly policy: PolicyInForce
  /** Only the rules about this action; empty for all. */
  readonly action: string
}

function Rules({ policy: { rules }, action }: RulesProps) {
  const { policy } = pageWords
  const actions = [...new Set(rules.flatMap((rule) => rule.actions))].sort()
  const found = action === '' ? rules : rules.filter((rule) => rule.actions.includes(action))
  return (
    <section aria-label={policy.rules}>
      <h2>{policy.rules}</h2>
      <p class="quiet">{policy.rulesAbout}</p>
      <label class="inline">
        {policy.filter}{' '}
        <select
          value={action}
          onChange={(event) => go(address('policy', { action: event.currentTarget.value }), 'replace')}
        >
          <option value="">{policy.anyAction}</option>
          {actions.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>{' '}
        <span role="status">{policy.count(found.length)}</span>
      </label>
      <ul class="plain rules">
        {found.map((rule) => (
          <Rule key={`${rule.file} ${rule.id}`} rule={rule} />
        ))}
      </ul>
    </section>
  )
}

const tones: Readonly<Record<string, string>> = { forbid: 'bad', approve: 'accent', allow: 'good' }

function Rule({
  rule: { id, file, words: said, text, annotations },
}: {
  readonly rule: PolicyInForce['rules'][number]
}) {
  const { policy } = pageWords
  const kind = file.replace(/\.cedar$/, '')
  const tier = tiers.find((one) => one === annotations['tier'])
  const { summary, controls } = annotations
  return (
    <li>
      <p>
        <Badge tone={tones[kind] ?? ''}>{policy.effects[kind] ?? file}</Badge>{' '}
        {tier && <Badge tone={`tier ${tier}`}>{spoken.tiers[tier]}</Badge>} <strong class="mono">{id}</strong>
      </p>
      {summary !== undefined && (
        <p class="quiet">
          <Untrusted text={summary} />
        </p>
      )}
      <p class="said">{said === undefined ? policy.noWords : <Untrusted text={said} />}</p>
      {controls !== undefined && (
        <p class="quiet small">
          {policy.controls}: <Untrusted text={controls} />
        </p>
      )}
      <details>
        <summary>{policy.text}</summary>
        <pre>
          <Untrusted text={text} layout="block" />
        </pre>
      </details>
    </li>
  )
}

interface PartProps {
  readonly policy: PolicyInForce
  readonly ids: boolean
}

function Groups({ policy: { groups }, ids }: PartProps) {
  const { policy } = pageWords
  return (
    <section aria-label={policy.groups}>
      <h2>{policy.groups}</h2>
      <p class="quiet">{policy.groupsAbout}</p>
      {groups.map(({ name, members, more = 0, entraGroup }) => (
        <div key={name}>
          <h3 class="mono">{name}</h3>
          {entraGroup !== undefined && (
            <p class="quiet small">
              {policy.entra} {ids && <span class="mono">{entraGroup}</span>}
            </p>
          )}
          {members.length === 0 && <p class="quiet">{policy.nobody}</p>}
          <ul class="plain members">
            {members.map((member) => (
              <li key={member.id} class={whyNot(member) === null ? '' : 'quiet'}>
                <Named id={member.id} name={member.name} withId={ids} />
                {whyNot(member) !== null && <small> {whyNot(member)}</small>}
              </li>
            ))}
            {more > 0 && <li class="quiet">{policy.more(more)}</li>}
          </ul>
        </div>
      ))}
    </section>
  )
}

type Member = PolicyInForce['groups'][number]['members'][number]

/** Why a member of a group may not decide; `null` for one who may. */
function whyNot({ name, member, enabled }: Member): string | null {
  const { policy } = pageWords
  if (name === undefined) return policy.unknown
  if (!enabled) return policy.disabled
  return member ? null : policy.guest
}

function Agents({ policy: inForce, ids }: PartProps) {
  const { policy } = pageWords
  const { agents } = inForce
  const names = new Map([...peopleIn(inForce), ...agents.map(({ id, name }) => [id, name] as const)])
  const all = (list: readonly string[]) =>
    list.length === 0
      ? '–'
      : list.map((id) => (
          <div key={id}>
            <Named id={id} name={names.get(id)} withId={ids} />
          </div>
        ))
  return (
    <section aria-label={policy.agents}>
      <h2>{policy.agents}</h2>
      <p class="quiet">{policy.agentsAbout}</p>
      <Wide label={policy.agents}>
        <table aria-label={policy.agents}>
          <thead>
            <tr>
              {[policy.agent, policy.owners, policy.sponsors, policy.executors, policy.behalf, policy.limits].map(
                (one) => (
                  <th key={one} scope="col">
                    {one}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {agents.map(({ id, name, owners, sponsors, executors, onBehalfOf, principals, limits }) => (
              <tr key={id}>
                <th scope="row" data-label={policy.agent}>
                  <Named id={id} name={name} withId={ids} />
                </th>
                <td data-label={policy.owners}>{all(owners)}</td>
                <td data-label={policy.sponsors}>{all(sponsors)}</td>
                <td data-label={policy.executors}>{all(executors)}</td>
                <td data-label={policy.behalf}>
                  {policy.behalfOf[onBehalfOf]}
                  {principals &&
                    `, ${policy.principals(visible(principals.map((one) => names.get(one) ?? one).join(', ')))}`}
                </td>
                <td data-label={policy.limits}>{policy.limit(limits.pending, limits.hourly)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </section>
  )
}
