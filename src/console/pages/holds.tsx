import { useState } from 'preact/hooks'
import type { HoldAnswer, HoldList } from '../../contract/evidenceAnswers.ts'
import { useAnswer } from '../answers.ts'
import { useDraft } from '../draft.ts'
import { HoldForm, ReleaseForm } from '../holdForms.tsx'
import { Badge, Button, Empty, Loaded, Notice, Page, Untrusted, Wide } from '../kit.tsx'
import { useSigned } from '../me.ts'
import { Named, useIds } from '../names.tsx'
import { pageWords } from '../pageWords.ts'
import { address, go } from '../router.ts'
import { Time } from '../time.tsx'
import { words } from '../words.ts'

/** What is open over the page. */
type Open = { readonly act: 'place'; readonly request: string } | { readonly act: 'release'; readonly hold: string }

/** The holds: what they cover, who placed them and why. Who has the role places and releases them. */
export function HoldsPage({ query }: { readonly query: URLSearchParams }) {
  const { api, me } = useSigned()
  const released = query.get('released') === 'true'
  const holds = useAnswer(String(released), (signal) =>
    api.get<HoldList>('/api/evidence/holds', { query: { released: String(released) }, signal }),
  )
  const mayHold = me.roles.includes('Evidence.Hold')
  const { open, setOpen, close } = useOpened(mayHold ? (query.get('request') ?? '') : '')
  const [done, setDone] = useState<Open['act'] | null>(null)
  const [ids, idsButton] = useIds()
  const finish = (act: Open['act']) => {
    setDone(act)
    holds.again()
  }
  const text = pageWords.holds
  return (
    <Page
      title={words.pages.holds}
      about={text.about}
      actions={
        <>
          {mayHold && (
            <Button tone="primary" onPress={() => setOpen({ act: 'place', request: '' })}>
              {text.place}
            </Button>
          )}
          <a class="button" href={address('holds', released ? {} : { released: 'true' })}>
            {released ? text.hideReleased : text.showReleased}
          </a>
          {idsButton}
        </>
      }
    >
      {done && <Notice tone="good" title={done === 'place' ? text.placed : text.done} />}
      <Loaded loading={holds}>
        {(list) =>
          list.holds.length === 0 ? (
            <Empty title={text.none}>
              <p>{text.noneAbout}</p>
            </Empty>
          ) : (
            <Table
              {...{ list, ids }}
              {...(mayHold && { release: (hold: HoldAnswer) => setOpen({ act: 'release', hold: hold.hold }) })}
            />
          )
        }
      </Loaded>
      {open?.act === 'place' && <HoldForm request={open.request} done={() => finish('place')} closed={close} />}
      {open?.act === 'release' && <ReleaseForm hold={open.hold} done={() => finish('release')} closed={close} />}
    </Page>
  )
}

/** Keeps what is open: at first the form for a request that the address names, if any. */
function useOpened(asked: string) {
  const first: Open | null = asked === '' ? null : { act: 'place', request: asked }
  const [{ open }, setOpened, drop] = useDraft<{ readonly open: Open | null }>(`holds ${asked}`, { open: first })
  const close = () => {
    setOpened({ open: null })
    drop()
    // The address asks for the form no more.
    if (asked !== '') go(address('holds'), 'replace')
  }
  return { open, setOpen: (now: Open) => setOpened({ open: now }), close }
}

interface TableProps {
  readonly list: HoldList
  readonly ids: boolean
  /** Absent for a person who may only read. */
  readonly release?: (hold: HoldAnswer) => void
}

function Table({ list: { holds, names }, ids, release }: TableProps) {
  const text = pageWords.holds
  return (
    <Wide label={words.pages.holds}>
      <table aria-label={words.pages.holds}>
        <thead>
          <tr>
            {[text.covers, words.columns.status, text.since, text.by, text.why].map((one) => (
              <th key={one} scope="col">
                {one}
              </th>
            ))}
            {release && <th scope="col">{text.release}</th>}
          </tr>
        </thead>
        <tbody>
          {holds.map((one) => (
            <tr key={one.hold}>
              <th scope="row" data-label={text.covers}>
                <Scope hold={one} names={names} />
                {ids && <small class="mono id">{one.hold}</small>}
              </th>
              <td data-label={words.columns.status}>
                {one.released ? (
                  <Released done={one.released} names={names} ids={ids} />
                ) : (
                  <Badge tone="accent">{text.inForce}</Badge>
                )}
              </td>
              <td data-label={text.since}>
                <Time at={one.held.at} far />
              </td>
              <td data-label={text.by}>
                <Named id={one.held.by} name={names[one.held.by]} withId={ids} />
              </td>
              <td data-label={text.why}>
                {one.held.why === undefined ? (
                  <span class="quiet">{text.noReason}</span>
                ) : (
                  <Untrusted text={one.held.why} layout="block" />
                )}
              </td>
              {release && (
                <td data-label={text.release}>
                  {!one.released && <Button onPress={() => release(one)}>{text.release}</Button>}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}

interface ScopeProps {
  readonly hold: HoldAnswer
  readonly names: HoldList['names']
}

/** What a hold covers. One request leads to its page. */
function Scope({ hold: { scope }, names }: ScopeProps) {
  const { request, agent, from = '', to = '' } = scope
  const text = pageWords.holds
  if (request !== undefined)
    return (
      <a class="mono" href={address(`requests/${request}`)}>
        {request}
      </a>
    )
  if (agent !== undefined) return <Untrusted text={text.ofAgent(names[agent] ?? agent)} />
  return <>{text.ofPeriod(from, to)}</>
}

interface ReleasedProps {
  readonly done: NonNullable<HoldAnswer['released']>
  readonly names: HoldList['names']
  readonly ids: boolean
}

function Released({ done: { by, at, why }, names, ids }: ReleasedProps) {
  return (
    <>
      {pageWords.holds.released} <Time at={at} far />, {pageWords.story.by}{' '}
      <Named id={by} name={names[by]} withId={ids} />
      {why !== undefined && (
        <small>
          <Untrusted text={why} layout="block" />
        </small>
      )}
    </>
  )
}
