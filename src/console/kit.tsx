import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useId } from 'preact/hooks'
import type { Loading } from './answers.ts'
import type { CallFailure } from './api.ts'
import { visible } from '../core/data/text.ts'
import { words } from './words.ts'

/** The parts that pages are made of: native elements, which a keyboard and a screen reader know. */

interface ButtonProps {
  readonly children: ComponentChildren
  readonly onPress?: () => void
  readonly tone?: 'primary' | 'danger' | 'plain' | undefined
  readonly type?: 'button' | 'submit'
  readonly isBusy?: boolean
  readonly isExpanded?: boolean | undefined
  readonly isPressed?: boolean
}

/** A busy button stays in the order of the keyboard, and does nothing. */
export function Button({ children, onPress, tone, type = 'button', isBusy = false, ...state }: ButtonProps) {
  const { isExpanded, isPressed } = state
  return (
    <button
      type={type}
      class={`button ${tone ?? ''}`}
      aria-disabled={isBusy}
      {...(isExpanded !== undefined && { 'aria-expanded': isExpanded })}
      {...(isPressed !== undefined && { 'aria-pressed': isPressed })}
      onClick={(event) => {
        if (isBusy) event.preventDefault()
        else onPress?.()
      }}
    >
      {children}
    </button>
  )
}

interface FieldProps {
  readonly label: string
  readonly hint?: string
  readonly error?: string | null
  readonly isRequired?: boolean
  readonly children: (ids: { readonly id: string; readonly described: string | undefined }) => JSX.Element
}

/** A label, a control, and what is wrong with its value. */
export function Field({ label, hint, error = null, isRequired = false, children }: FieldProps) {
  const id = useId()
  const more = [hint === undefined ? null : `${id}-hint`, error === null ? null : `${id}-error`].filter(
    (one) => one !== null,
  )
  return (
    <div class="field">
      <label for={id}>
        {label}
        {isRequired && <span class="required"> ({words.required})</span>}
      </label>
      {children({ id, described: more.length === 0 ? undefined : more.join(' ') })}
      {hint !== undefined && (
        <small id={`${id}-hint`} class="hint">
          {hint}
        </small>
      )}
      {error !== null && (
        <small id={`${id}-error`} class="error" role="alert">
          {error}
        </small>
      )}
    </div>
  )
}

export function Badge({ tone, children }: { readonly tone?: string; readonly children: ComponentChildren }) {
  return <span class={`badge ${tone ?? ''}`}>{children}</span>
}

interface NoticeProps {
  readonly tone: 'info' | 'good' | 'warning' | 'bad'
  readonly title?: string
  readonly children?: ComponentChildren
}

/** Says something about the whole page. A bad one is read out at once. */
export function Notice({ tone, title, children }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {title !== undefined && <strong>{title}</strong>}
      {children}
    </div>
  )
}

/** Says what failed, and offers to try again. */
export function Failed({ failure, again }: { readonly failure: CallFailure; readonly again?: () => void }) {
  return (
    <Notice tone="bad" title={words.failed}>
      <p>{failure.message}</p>
      {again && <Button onPress={again}>{words.tryAgain}</Button>}
    </Notice>
  )
}

/** Draws what was read: while it is read, if that failed, and if there is nothing. */
export function Loaded<T>({
  loading,
  children,
}: {
  readonly loading: Loading<T>
  readonly children: (value: T) => ComponentChildren
}) {
  const { value, failure, again } = loading
  return (
    <>
      {failure && <Failed failure={failure} again={again} />}
      {value === null ? failure === null && <Skeleton /> : children(value)}
    </>
  )
}

/** The place of something that is being read. */
export function Skeleton() {
  return (
    <div class="skeleton" role="status">
      <span class="hidden">{words.loading}</span>
      <span />
      <span />
      <span />
    </div>
  )
}

/** A place with nothing in it says so, and why that may be. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children}
    </div>
  )
}

/** A page: its heading, what can be done about all of it, and the rest. The title of the document is the heading's. */
export function Page({
  title,
  heading = title,
  about,
  actions,
  children,
}: {
  readonly title: string
  /** What the page itself is headed with, where that is less than the title. */
  readonly heading?: ComponentChildren
  readonly about?: ComponentChildren
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
}) {
  useEffect(() => {
    document.title = `${visible(title)} · ${words.product}`
  }, [title])
  return (
    <>
      <header class="page">
        <div>
          <h1>{heading}</h1>
          {about !== undefined && <p class="about">{about}</p>}
        </div>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  )
}

/** The place of a table that may be wider than the page. The keyboard reaches it, so that it can be scrolled. */
export function Wide({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <div class="table" role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  )
}

/** What is said of one thing, as pairs. Absent values are left out. */
export function Facts({ of }: { readonly of: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {of
        .filter(([, value]) => value !== undefined && value !== null && value !== false && value !== '')
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}

/** A text of somebody else, in which nothing is hidden, and which does not turn the text around it. */
export function Untrusted({ text, layout = 'line' }: { readonly text: string; readonly layout?: 'line' | 'block' }) {
  return <bdi>{visible(text, layout)}</bdi>
}
