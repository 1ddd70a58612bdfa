import type { RequestAnswer, ViewAnswer } from '../../contract/requestAnswer.ts'
import { actionDigest, scopeIn } from '../../core/action/canonicalAction.ts'
import type { JsonObject } from '../../core/data/json.ts'
import { repeating } from '../answers.ts'
import { Card, type CardDraft, type Click } from '../card.tsx'
import { Button, Failed, Loaded, Notice, Page, Untrusted } from '../kit.tsx'
import { later } from '../later.tsx'
import { useSigned } from '../me.ts'
import { Status } from '../requestTable.tsx'
import { address } from '../router.ts'
import { draftOf, type RequestReading, stateOf, useRequestReading } from '../requestReading.ts'
import { words } from '../words.ts'

// Most people who decide need none of them.
const Story = later(async () => (await import('../story.tsx')).Story)
const Further = later(async () => (await import('../further.tsx')).Further)
const StepUp = later(async () => (await import('../stepUp.tsx')).StepUp)

/** One request: the card with its buttons for those who may decide, and for auditors its story. */
export function Request({ id }: { readonly id: string }) {
  const reading = useRequestReading(id)
  const { seen, newer, decided, failed, claims, stepUp } = reading
  const isReader = useSigned().me.roles.includes('Evidence.Read')
  if (seen.failure?.code === 'not-found')
    return (
      <Page title={words.notFound}>
        <p>{words.notFoundAbout}</p>
      </Page>
    )
  const request = seen.value?.request
  const signedIn = () => {
    stepUp(null)
    seen.again()
  }
  return (
    <Page
      title={request ? whatOf(request) : words.request}
      heading={request ? <Untrusted text={whatOf(request)} /> : words.request}
      about={request && <Status of={request} />}
      actions={<Actions id={id} isClosed={request?.closedAt !== undefined} />}
    >
      {decided && <Notice tone="good" title={words.story.decided[decided]} />}
      {newer && (
        <Notice tone="warning" title={words.story.changed}>
          <p>{words.story.changedAbout}</p>
          <Button onPress={seen.again}>{words.story.showAgain}</Button>
        </Notice>
      )}
      {failed && <Failed failure={failed.failure} {...repeating(failed.failure, failed.again)} />}
      {claims !== null && <StepUp id={id} claims={claims} done={signedIn} close={() => stepUp(null)} />}
      <Loaded loading={seen}>
        {({ request, view }) => (
          <div class={`request ${view && isReader ? 'both' : ''}`}>
            {view && <ToDecide view={view} reading={reading} />}
            {isReader && <Story key={stateOf(request)} request={request} />}
          </div>
        )}
      </Loaded>
    </Page>
  )
}

/** What may be done beside deciding. */
function Actions({ id, isClosed }: { readonly id: string; readonly isClosed: boolean }) {
  const { roles } = useSigned().me
  return (
    <>
      {roles.includes('Evidence.Read') && <Button onPress={() => print()}>{words.story.print}</Button>}
      {isClosed && roles.includes('Evidence.Erase') && (
        <a class="button" href={address(`requests/${id}/erase`)}>
          {words.story.erase}
        </a>
      )}
    </>
  )
}

interface ToDecideProps {
  readonly view: ViewAnswer
  readonly reading: RequestReading
}

/** The card, and above it that a decision takes a fresh sign-in. */
function ToDecide({ view, reading: { seen, isBusy, click, stepUp } }: ToDecideProps) {
  const claims = view.stepUp?.claims
  return (
    <div>
      {claims !== undefined && (
        <Notice tone="info" title={words.stepUp.title}>
          <p>{words.stepUp.before}</p>
          <Button onPress={() => stepUp(claims)}>{words.stepUp.now}</Button>
        </Notice>
      )}
      <Shown view={view} isBusy={isBusy} click={(one) => void click(one, view)} />
      <Further view={view} done={seen.again} stepUp={stepUp} />
    </div>
  )
}

/** What is asked for, as a heading. An erased action has no target any more. */
const whatOf = ({ action, target }: RequestAnswer): string => (target === undefined ? action : `${action} ${target}`)

interface ShownProps {
  readonly view: ViewAnswer
  readonly isBusy: boolean
  readonly click: (click: Click) => void
}

/** The card. It is not offered for a decision if what it is about is not what the digest is of. */
function Shown({ view, isBusy, click }: ShownProps) {
  const { drafts } = useSigned().session
  const { request, card, refusal, page } = view
  const form = draftOf(request.id)
  const draft = drafts.of<CardDraft>(form)
  if (!isOfDigest(request))
    return (
      <Notice tone="bad" title={words.story.wrongDigest}>
        <p>{words.story.wrongDigestAbout}</p>
      </Notice>
    )
  return (
    <>
      {refusal && (
        <Notice tone="info" title={words.story.refused}>
          <p>{refusal.words}</p>
        </Notice>
      )}
      {/* Another page or another state is another card: what was typed belongs to the one before. */}
      <Card
        key={`${page} ${request.status} ${request.content ?? ''}`}
        {...{ card, click, isBusy }}
        draft={draft?.page === page ? draft : null}
        note={(typed) => drafts.put(form, { page, ...typed })}
      />
    </>
  )
}

/** Computes the digest of the action anew. An erased action has none any more, and nothing to decide. */
function isOfDigest({ action, target, environment, params, digest, standing }: RequestAnswer): boolean {
  if (target === undefined || environment === undefined || params === undefined) return true
  const scope = scopeIn(standing as JsonObject | undefined)
  return (
    actionDigest({ action, target, environment, params: params as JsonObject, ...(scope && { standing: scope }) }) ===
    digest
  )
}
