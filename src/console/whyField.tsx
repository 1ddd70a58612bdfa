import { Field } from './kit.tsx'

interface WhyFieldProps {
  readonly label: string
  readonly hint: string
  readonly error: string | null
  readonly value: string
  readonly set: (value: string) => void
}

/** Why somebody does what is recorded for auditors. It has to be filled in. */
export function WhyField({ label, hint, error, value, set }: WhyFieldProps) {
  return (
    <Field label={label} hint={hint} isRequired error={error}>
      {({ id, described }) => (
        <textarea
          id={id}
          aria-describedby={described}
          rows={3}
          maxLength={500}
          value={value}
          onInput={(event) => set(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}
