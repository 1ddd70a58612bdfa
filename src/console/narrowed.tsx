import type { RequestAnswer } from '../contract/requestAnswer.ts'
import { Untrusted } from './kit.tsx'
import { Named } from './names.tsx'
import { pageWords } from './pageWords.ts'
import { Time } from './time.tsx'

type Narrowing = NonNullable<RequestAnswer['narrowed']>[number]

/** How approvers made a request smaller, the oldest first. Nothing if nobody did. */
export function Narrowed({ request: { narrowed = [] } }: { readonly request: RequestAnswer }) {
  if (narrowed.length === 0) return null
  return (
    <>
      <h2>{pageWords.narrow.title}</h2>
      <ul class="plain talk">
        {narrowed.map((one) => (
          <li key={one.digest}>
            {pageWords.narrow.by} <Named id={one.by} name={one.name} />, <Time at={one.at} far />
            <Changes of={one} />
            {one.reason !== undefined && (
              <blockquote>
                <Untrusted text={one.reason} layout="block" />
              </blockquote>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

function Changes({ of: { params, standing } }: { readonly of: Narrowing }) {
  const changes = Object.entries(params ?? standing ?? {})
  if (changes.length === 0) return <p class="quiet">{pageWords.talk.erased}</p>
  return (
    <ul class="plain">
      {changes.map(([name, values]) => (
        <li key={name}>
          <Untrusted
            text={pageWords.narrow.change(name, JSON.stringify(values?.before), JSON.stringify(values?.after))}
          />
        </li>
      ))}
    </ul>
  )
}
