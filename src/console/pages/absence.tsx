import { useState } from 'preact/hooks'
import type { DelegationList } from '../../contract/delegationOperations.ts'
import { type Day, endOf } from '../../core/data/day.ts'
import { failureIn, useAnswer } from '../answers.ts'
import type { CallFailure } from '../api.ts'
import { Button, Empty, Failed, Field, Loaded, Notice, Page, Untrusted, Wide } from '../kit.tsx'
import { useSigned } from '../me.ts'
import { Named } from '../names.tsx'
import { pageWords } from '../pageWords.ts'
import { Time } from '../time.tsx'
import { words } from '../words.ts'

/** Who is away and who acts for them. A member names a deputy, and comes back. */
export function AbsencePage() {
  const { api, me } = useSigned()
  const list = useAnswer('delegations', (signal) => api.get<DelegationList>('/api/delegations', { signal }))
  const [failure, setFailure] = useState<CallFailure | null>(null)
  const [done, setDone] = useState<string | null>(null)
  const text = pageWords.absence
  const act = async (said: string, call: () => Promise<unknown>) => {
    setFailure(null)
    setDone(null)
    try {
      await call()
      setDone(said)
    } catch (cause) {
      setFailure(failureIn(cause))
    }
    list.again()
  }
  const back = (event: string) => void act(text.backDone, () => api.remove(`/api/delegations/${event}`))
  return (
    <Page title={words.pages.away} about={text.about}>
      {failure && <Failed failure={failure} />}
      {done !== null && <Notice tone="good" title={done} />}
      <Loaded loading={list}>
        {(found) => (
          <>
            {found.deputies.length > 0 && (
              <AwayForm
                deputies={found.deputies}
                send={(to, until) => act(text.awayDone, () => api.post('/api/delegations', { to, until }))}
              />
            )}
            {found.delegations.length === 0 ? (
              <Empty title={text.none}>
                <p>{text.noneAbout}</p>
              </Empty>
            ) : (
              <Table list={found} own={me.id} back={back} />
            )}
          </>
        )}
      </Loaded>
    </Page>
  )
}

interface AwayFormProps {
  readonly deputies: DelegationList['deputies']
  readonly send: (to: string, until: string) => Promise<void>
}

/** Says for whom and until when. The day is meant with its end, in UTC. */
function AwayForm({ deputies, send }: AwayFormProps) {
  const [to, setTo] = useState(deputies.length === 1 ? (deputies[0]?.id ?? '') : '')
  const [day, setDay] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [isAsked, setAsked] = useState(false)
  const text = pageWords.absence
  const submit = async (event: Event) => {
    event.preventDefault()
    setAsked(true)
    if (to === '' || day === '') return
    setBusy(true)
    await send(to, endOf(day as Day))
    setBusy(false)
  }
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Field label={text.deputy} isRequired error={isAsked && to === '' ? text.noDeputy : null}>
        {({ id, described }) => (
          <select {...{ id }} value={to} aria-describedby={described} onChange={(e) => setTo(e.currentTarget.value)}>
            <option value="">{pageWords.trial.choose}</option>
            {deputies.map((one) => (
              <option key={one.id} value={one.id}>
                {text.inGroups(one.name, one.groups)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={text.until} hint={text.untilHint} isRequired error={isAsked && day === '' ? text.noDay : null}>
        {({ id, described }) => (
          <input
            {...{ id }}
            type="date"
            value={day}
            aria-describedby={described}
            onInput={(e) => setDay(e.currentTarget.value)}
          />
        )}
      </Field>
      <Button type="submit" tone="primary" isBusy={isBusy}>
        {text.leave}
      </Button>
    </form>
  )
}

interface TableProps {
  readonly list: DelegationList
  readonly own: string
  readonly back: (event: string) => void
}

function Table({ list: { delegations, names }, own, back }: TableProps) {
  const text = pageWords.absence
  return (
    <Wide label={words.pages.away}>
      <table aria-label={words.pages.away}>
        <thead>
          <tr>
            {[text.member, text.deputy, text.groups, text.until, text.back].map((one) => (
              <th key={one} scope="col">
                {one}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {delegations.map(({ event, member, to, groups, until }) => (
            <tr key={event}>
              <th scope="row" data-label={text.member}>
                <Named id={member} name={names[member]} />
              </th>
              <td data-label={text.deputy}>
                <Named id={to} name={names[to]} />
              </td>
              <td data-label={text.groups}>
                <Untrusted text={groups.join(', ')} />
              </td>
              <td data-label={text.until}>
                <Time at={until} far />
              </td>
              <td data-label={text.back}>
                {member === own && <Button onPress={() => back(event)}>{text.back}</Button>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}
