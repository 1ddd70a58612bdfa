/** What the dialog of a step-up says, in one language, as `words.ts` does for the rest. */
interface StepUpDialogWords {
  readonly about: string
  readonly kept: string
  readonly go: string
  readonly later: string
  readonly waiting: string
  readonly missed: string
  /** With the identity provider's own code. */
  readonly refused: (code: string) => string
}

const english: StepUpDialogWords = {
  about:
    'This is of tier high, so a stolen session must not be enough. Your organisation asks you for a fresh sign-in.',
  kept: 'You come back to this page, and what you typed is kept. Nothing is decided yet.',
  go: 'Go to the sign-in',
  later: 'Not now',
  waiting: 'Waiting for your sign-in.',
  missed: 'The fresh sign-in did not come. Nothing is decided, and what you typed is kept.',
  refused: (code) => `You cancelled it, or your organisation does not allow it (${code}).`,
}

export const stepUpWords: StepUpDialogWords = english
