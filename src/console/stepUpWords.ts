/** What the dialog of a step-up says, in one language, as `words.ts` does for the rest. */
interface StepUpDialogWords {
  readonly about: string
  readonly kept: string
  readonly go: string
  readonly later: string
}

const english: StepUpDialogWords = {
  about:
    'This is of tier high, so a stolen session must not be enough. Your organisation asks you for a fresh sign-in.',
  kept: 'You come back to this page, and what you typed is kept. Nothing is decided yet.',
  go: 'Go to the sign-in',
  later: 'Not now',
}

export const stepUpWords: StepUpDialogWords = english
