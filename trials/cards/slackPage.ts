import {
  type PlainText,
  type SlackBlock,
  type SlackMessage,
  type SlackText,
  type SlackView,
  undated,
} from '../../src/cards/blockKit.ts'

/** Stands in each picture, so that none passes for Slack's own. */
export const ours = 'Drawn by a renderer of Countersign’s own, and not by Slack.'

/** Writes a message or a modal as HTML that looks much as Slack shows it. All texts are escaped. */
export function slackHtml(drawn: SlackMessage | SlackView): string {
  const body = drawn.blocks.map(blockHtml).join('')
  const shown = 'type' in drawn ? modalHtml(drawn, body) : messageHtml(body)
  return `<style>${css}</style><div class="slack">${shown}<p class="ours">${escapedHtml(ours)}</p></div>`
}

const messageHtml = (body: string): string =>
  `<div class="message"><div class="face">C</div><div><p><b>Countersign</b> <span class="app">APP</span></p>${body}</div></div>`

function modalHtml({ title, close, submit }: SlackView, body: string): string {
  const send = submit ? `<span class="button primary">${text(submit)}</span>` : ''
  const foot = `<div class="foot"><span class="button">${text(close)}</span>${send}</div>`
  return `<div class="modal"><p class="title">${text(title)}</p><div class="body">${body}</div>${foot}</div>`
}

/** @throws {Error} for a block that this renderer does not know */
function blockHtml(block: SlackBlock): string {
  switch (block.type) {
    case 'header':
      return `<h3>${text(member(block, 'text'))}</h3>`
    case 'section':
      return `<div class="section"><p>${text(member(block, 'text'))}</p>${elementHtml(block['accessory'])}</div>`
    case 'context':
      return `<p class="context">${(block['elements'] as readonly SlackText[]).map(text).join(' ')}</p>`
    case 'divider':
      return '<hr>'
    case 'actions':
      return `<div class="actions">${(block['elements'] as readonly object[]).map(elementHtml).join('')}</div>`
    case 'input':
      return `<label>${text(member(block, 'label'))}${optional(block)}${elementHtml(block['element'])}</label>`
    default:
      throw new Error(`This renderer does not know the block ${block.type}.`)
  }
}

const member = (block: SlackBlock, name: string): PlainText => block[name] as PlainText

const optional = ({ optional: isOptional }: SlackBlock): string => (isOptional === true ? ' <i>(optional)</i>' : '')

function elementHtml(element: unknown): string {
  if (element === undefined) return ''
  const { type, text: title, style = '', initial_value: value = '' } = element as Readonly<Record<string, unknown>>
  if (type === 'button') return `<span class="button ${String(style)}">${text(title as PlainText)}</span>`
  if (type === 'plain_text_input') return `<span class="field">${escapedHtml(String(value))}</span>`
  throw new Error(`This renderer does not know the element ${String(type)}.`)
}

/** Moments are in UTC: a picture has no reader. */
const text = ({ type, text: written }: SlackText): string => escapedHtml(type === 'mrkdwn' ? undated(written) : written)

const escapedHtml = (words: string): string =>
  words.replaceAll(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`).replaceAll('\n', '<br>')

const css = `
  .slack { font: 15px/1.46 Lato, 'Noto Sans', 'DejaVu Sans', sans-serif; color: #1d1c1d; background: #fff;
    padding: 16px; overflow-wrap: anywhere; }
  .slack p { margin: 0 0 6px; }
  .slack h3 { font-size: 18px; margin: 0 0 8px; }
  .slack .message { display: flex; gap: 10px; }
  .slack .message > div:last-child { min-width: 0; flex: 1; }
  .slack .face { flex: none; width: 36px; height: 36px; border-radius: 6px; background: #1f3a5f; color: #fff;
    font-weight: 700; display: flex; align-items: center; justify-content: center; }
  .slack .app { font-size: 10px; background: #eee; padding: 1px 3px; border-radius: 2px; }
  .slack .section { display: flex; gap: 12px; justify-content: space-between; }
  .slack .context, .slack .ours { font-size: 12px; color: #616061; }
  .slack .ours { margin: 14px 0 0; font-style: italic; }
  .slack hr { border: 0; border-top: 1px solid #ddd; margin: 10px 0; }
  .slack .actions { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0; }
  .slack .button { border: 1px solid #bbb; border-radius: 4px; padding: 4px 12px; font-weight: 700; font-size: 13px; }
  .slack .button.primary { background: #007a5a; border-color: #007a5a; color: #fff; }
  .slack .button.danger { border-color: #c01343; color: #c01343; }
  .slack .modal { border: 1px solid #ccc; border-radius: 8px; }
  .slack .title { font-weight: 900; font-size: 18px; padding: 12px 16px; border-bottom: 1px solid #ddd; }
  .slack .body { padding: 8px 16px; }
  .slack .foot { display: flex; justify-content: flex-end; gap: 8px; padding: 12px 16px; border-top: 1px solid #ddd; }
  .slack label { display: block; font-weight: 700; margin: 8px 0; }
  .slack i { font-weight: 400; }
  .slack .field { display: block; min-height: 60px; border: 1px solid #868686; border-radius: 4px; padding: 6px 10px;
    font-weight: 400; margin-top: 4px; }
`
