/** The published look of cards in Teams: colours by container style, sizes, fonts. */
export interface Theme {
  readonly name: string
  /** The colour behind the card. */
  readonly page: string
  readonly hostConfig: object
  /** The style of buttons and inputs, which each client draws in its own way. */
  readonly css: string
}

interface Colours {
  readonly text: string
  readonly subtle: string
  readonly accent: string
  readonly good: string
  readonly warning: string
  readonly attention: string
}

const styles = ['default', 'emphasis', 'accent', 'good', 'attention', 'warning'] as const
type Backgrounds = Readonly<Record<(typeof styles)[number], string>>

const both = (colour: string, subtle = colour) => ({ default: colour, subtle })

const foreground = ({ text, subtle, accent, good, warning, attention }: Colours) => ({
  default: both(text, subtle),
  dark: both(text, subtle),
  light: both(text, subtle),
  accent: both(accent),
  good: both(good),
  warning: both(warning),
  attention: both(attention),
})

const weights = { fontWeights: { lighter: 200, default: 400, bolder: 600 } }
const sizes = { fontSizes: { small: 12, default: 14, medium: 14, large: 18, extraLarge: 24 } }

function hostConfig(backgrounds: Backgrounds, coloursOn: (style: string) => Colours, line: string, border?: string) {
  const containers = styles.map((style) => [
    style,
    {
      backgroundColor: backgrounds[style],
      foregroundColors: foreground(coloursOn(style)),
      ...(border !== undefined && { borderColor: border }),
    },
  ])
  return {
    supportsInteractivity: true,
    spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
    separator: { lineThickness: 1, lineColor: line },
    fontTypes: {
      default: { fontFamily: "'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif", ...sizes, ...weights },
      monospace: { fontFamily: "'Courier New', 'DejaVu Sans Mono', monospace", ...sizes, ...weights },
    },
    containerStyles: Object.fromEntries(containers) as object,
    actions: {
      ...{ maxActions: 6, spacing: 'Default', buttonSpacing: 8, actionsOrientation: 'Horizontal' },
      ...{ actionAlignment: 'Left', showCard: { actionMode: 'Inline', inlineTopMargin: 16, style: 'emphasis' } },
    },
    inputs: { label: { requiredInputs: { weight: 'Bolder', suffix: ' *' }, inputSpacing: 'Small' } },
  }
}

const controls = (text: string, back: string, edge: string, positive: string, onPositive: string, danger: string) => `
  .ac-pushButton { font: 600 14px 'Segoe UI', 'DejaVu Sans', sans-serif; padding: 6px 16px; border-radius: 4px;
    border: 1px solid ${edge}; background: ${back}; color: ${text}; }
  .ac-pushButton.style-positive { background: ${positive}; border-color: ${positive}; color: ${onPositive}; }
  .ac-pushButton.style-destructive { border-color: ${danger}; color: ${danger}; }
  .ac-input { font: 14px 'Segoe UI', 'DejaVu Sans', sans-serif; padding: 6px 8px; border: 1px solid ${edge};
    border-radius: 4px; background: ${back}; color: ${text}; box-sizing: border-box; }
`

/**
 * Light and dark follow the host configurations of Teams that the project Adaptive Cards publishes
 * (`samples/HostConfig`), with their weakest colours, so that text which is readable here is readable in Teams. High
 * contrast is not published: it is white on black here, with borders instead of backgrounds.
 */
export const themes: readonly Theme[] = [
  {
    name: 'light',
    page: '#f5f5f5',
    hostConfig: hostConfig(
      {
        ...{ default: '#ffffff', emphasis: '#f9f8f7', accent: '#c7def9' },
        ...{ good: '#ccffcc', attention: '#ffc5b2', warning: '#ffe2b2' },
      },
      () => ({
        ...{ text: '#252424', subtle: '#bf252424', accent: '#6264a7' },
        ...{ good: '#92c353', warning: '#f8d22a', attention: '#c4314b' },
      }),
      '#e0e0e0',
    ),
    css: controls('#242424', '#ffffff', '#8a8a8a', '#5b5fc7', '#ffffff', '#a4262c'),
  },
  {
    name: 'dark',
    page: '#1f1f1f',
    hostConfig: hostConfig(
      {
        ...{ default: '#2d2c2c', emphasis: '#292828', accent: '#c7def9' },
        ...{ good: '#ccffcc', attention: '#ffc5b2', warning: '#ffe2b2' },
      },
      (style) => {
        const isDark = style === 'default' || style === 'emphasis'
        return {
          ...(isDark ? { text: '#ffffff', subtle: '#bfffffff' } : { text: '#201f1f', subtle: '#2d2c2c' }),
          ...{ accent: '#a6a7dc', good: '#92c353', warning: '#f8d22a', attention: '#d74654' },
        }
      },
      '#4a4949',
    ),
    css: controls('#ffffff', '#2d2c2c', '#8a8a8a', '#5b5fc7', '#ffffff', '#f1a0a8'),
  },
  {
    name: 'contrast',
    page: '#000000',
    hostConfig: hostConfig(
      {
        ...{ default: '#000000', emphasis: '#000000', accent: '#000000' },
        ...{ good: '#000000', attention: '#000000', warning: '#000000' },
      },
      () => ({
        ...{ text: '#ffffff', subtle: '#ffffff', accent: '#ffff01' },
        ...{ good: '#3ff23f', warning: '#ffff01', attention: '#ff5f5f' },
      }),
      '#ffffff',
      '#ffffff',
    ),
    css: controls('#ffffff', '#000000', '#ffffff', '#ffff01', '#000000', '#ff8f8f'),
  },
]

/** Widths in CSS pixels: a channel on a desktop, and a phone. */
export const widths = [720, 320] as const
