import { Field } from './kit.tsx'

interface WhyFieldProps {
  readonly label: string
  readonly hint?: string
  readonly error: string | null
  readonly value: string
  readonly set: (value: string) => void
  /** Characters, at most. */
  readonly most?: number | undefined
}

/** Why somebody does what is recorded for auditors. It has to be filled in. */
export function WhyField({ label, hint, error, value, set, most = 500 }: WhyFieldProps) {
  return (
    <Field label={label} isRequired error={error} {...(hint !== undefined && { hint })}>
      {({ id, described }) => (
        <textarea
          id={id}
          aria-describedby={described}
          rows={3}
          maxLength={most}
          value={value}
          onInput={(event) => set(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}
