import { version } from '../../package.json'
import type { Json } from '../core/data/json.ts'
import { visible } from '../core/data/text.ts'

/** Pages of this program: each loads nothing, runs nothing, and can be printed. Every text in it passes through here. */

const style = `body{font:14px/1.45 system-ui,sans-serif;color:#1b1b1b;margin:2rem auto;max-width:64rem;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:0 0 .5rem}section{border-top:2px solid #ccc;padding:1rem 0;break-inside:avoid-page}
dl{display:grid;grid-template-columns:9rem 1fr;gap:.2rem 1rem;margin:0 0 .7rem}dt{color:#555}dd{margin:0}
dd,td{overflow-wrap:anywhere;white-space:pre-wrap}table{border-collapse:collapse;width:100%}
td,th{border-top:1px solid #ddd;padding:.25rem .6rem .25rem 0;text-align:left;vertical-align:top}
th{color:#555;font-weight:normal}blockquote{border-left:3px solid #bbb;margin:.2rem 0;padding-left:.6rem}
.state{font-weight:normal;color:#555}.odd{color:#a00;font-weight:bold}.none{color:#777}
.run{background:#fde8e4;border-left:4px solid #a00;font-weight:bold;margin:0 0 .7rem;padding:.4rem .6rem;overflow-wrap:anywhere;white-space:pre-wrap}
@media print{body{margin:0;max-width:none;font-size:11px}}
.card{border:1px solid #999;border-radius:4px;padding:.6rem;max-width:40rem;background:#fff;color:#1b1b1b}
.card p{margin:.15rem 0;overflow-wrap:anywhere;white-space:pre-wrap;unicode-bidi:isolate}.card .box{padding:.3rem .5rem;margin:.25rem 0}
.card .row{display:flex;gap:.6rem}.card .row>*{min-width:0}.card .stretch{flex:1}.card .rule{border-top:1px solid #ccc}
.card .accent{background:#e8ebfa}.card .good{background:#e7f2da}.card .warning{background:#fbf6d9}.card .attention{background:#fcf4f6}
.card .emphasis{background:#f0f0f0}.card .subtle{color:#555}.card .mono{font-family:ui-monospace,monospace}.card .large{font-size:1.2rem}
.card .small{font-size:.85rem}.card .added{color:#0b6a0b}.card .removed{color:#a4262c}.card .button{display:inline-block;border:1px solid
#666;border-radius:4px;padding:.1rem .6rem;margin:.2rem .3rem .2rem 0}.card .field{border:1px dashed #999;padding:.2rem .4rem}`

/** Begins a page, and names the program that made it. @param title is escaped here */
export const pageHead = (title: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="countersign ${version}">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
`

export const pageEnd = '</main>\n</body>\n</html>\n'

/** A label, and a text or a value that is written as JSON; `null` if it is not known. */
export type PageRow = readonly [string, Json]

export const listOf = (rows: readonly PageRow[]): string =>
  `<dl>${rows.map(([name, text]) => `<dt>${name}</dt><dd>${content(text)}</dd>`).join('\n')}</dl>\n`

function content(value: Json): string {
  if (value === null) return none
  if (typeof value === 'string') return shown(value)
  // The line breaks are this program's. The values may be an agent's.
  return JSON.stringify(value, null, 2).split('\n').map(shown).join('\n')
}

const none = '<span class="none">not given, or erased</span>'

/** Writes a text of a person or agent: escapes markup, and shows invisible characters. */
export const shown = (text: string): string => escaped(visible(text, 'block'))

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign)
