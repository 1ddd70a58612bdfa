import { useRef, useState } from 'preact/hooks'
import { Button, Field, Notice } from '../kit.tsx'
import type { Trusted } from './trusted.ts'
import { words } from './words.ts'

/** The keys that the reader trusts, and the place to give them. */
export function Keys({ trusted }: { readonly trusted: Trusted }) {
  const { keys, checkpoints, refused, isReading, take, remove } = trusted
  const hasKey = keys.length > 0
  return (
    <section class="keys" aria-labelledby="keys-title">
      <h2 id="keys-title">{words.keys.title}</h2>
      <p class="quiet">{hasKey ? words.keys.keptHere : words.keys.about}</p>
      <ul class="plain">
        {keys.map((piece) => (
          <li key={piece.thumbprint}>
            <span>
              {words.keys.thumbprint} <code class="mono">{piece.thumbprint}</code>
            </span>
            <Button onPress={() => remove(piece)}>{words.keys.removeKey}</Button>
          </li>
        ))}
        {checkpoints.map((piece) => (
          <li key={piece.text}>
            <span>
              {piece.name}: {words.keys.checkpoint(piece.count)}
            </span>
            <Button onPress={() => remove(piece)}>{words.keys.remove(piece.name)}</Button>
          </li>
        ))}
      </ul>
      {refused.map((piece) => (
        <Notice key={piece.why} tone="bad" title={words.keys.unusable}>
          <p>{piece.why}</p>
        </Notice>
      ))}
      <p class="quiet">{words.keys.warning}</p>
      {!isReading && (
        <details open={!hasKey}>
          <summary>{hasKey ? words.keys.another : words.keys.give}</summary>
          <Given take={take} />
        </details>
      )}
    </section>
  )
}

/** Where a key or a kept checkpoint is dropped, chosen or pasted. */
function Given({ take }: Pick<Trusted, 'take'>) {
  const input = useRef<HTMLInputElement>(null)
  const [isOver, setOver] = useState(false)
  const [text, setText] = useState('')
  return (
    <div
      class={`drop ${isOver ? 'over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        take([...(event.dataTransfer?.files ?? [])])
      }}
    >
      <p>{words.keys.hint}</p>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={words.keys.choose}
        onChange={({ currentTarget }) => {
          take([...(currentTarget.files ?? [])])
          // The same file can then be chosen again.
          currentTarget.value = ''
        }}
      />
      <Button onPress={() => input.current?.click()}>{words.keys.choose}</Button>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (text.trim() !== '') take([new File([text], words.keys.pasted)])
          setText('')
        }}
      >
        <Field label={words.keys.paste}>
          {({ id }) => (
            <textarea
              id={id}
              rows={3}
              class="mono"
              spellcheck={false}
              autocomplete="off"
              value={text}
              onInput={({ currentTarget }) => setText(currentTarget.value)}
            />
          )}
        </Field>
        <Button type="submit">{words.keys.use}</Button>
      </form>
    </div>
  )
}
