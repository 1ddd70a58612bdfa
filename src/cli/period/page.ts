import { createHash } from 'node:crypto'
import { version } from '../../../package.json'
import { escaped } from '../html.ts'

/** What the pages of a period's report look like: on screens, on paper and on telephones. They load nothing. */

const style = `:root{color-scheme:light dark;--ink:#1b1b1b;--soft:#555;--rule:#ccc;--back:#fff;--odd:#a00;--band:#f4f4f4;
--people:#1f6f43;--policy:#2f5fb3;--denied:#a3262c;--ended:#8a6d00;--open:#777}
@media (prefers-color-scheme:dark){:root{--ink:#eee;--soft:#aaa;--rule:#444;--back:#161616;--odd:#ff8f85;--band:#222;
--people:#5dbb8a;--policy:#7fa7ee;--denied:#ee7f84;--ended:#d1b04c;--open:#999}}
*{box-sizing:border-box}body{font:14px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--back);margin:0 auto;max-width:72rem;padding:1.5rem 1rem}
h1{font-size:1.5rem;margin:0 0 .5rem}h2{font-size:1.15rem;margin:0 0 .5rem}h3{font-size:1rem;margin:1rem 0 .3rem}
section{border-top:2px solid var(--rule);padding:1rem 0}a{color:inherit}
nav ol{columns:2 20rem;margin:.5rem 0;padding-left:1.4rem}
dl{display:grid;grid-template-columns:minmax(6rem,11rem) 1fr;gap:.2rem 1rem;margin:0 0 .7rem}dt{color:var(--soft)}dd{margin:0}
dd,td,p,li{overflow-wrap:anywhere}dd,td{white-space:pre-wrap}
.wide{overflow-x:auto}table{border-collapse:collapse;max-width:100%}
td,th{border-top:1px solid var(--rule);padding:.2rem 1rem .2rem 0;text-align:left;vertical-align:top}
th{color:var(--soft);font-weight:normal}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;overflow-wrap:normal}
td.t{white-space:nowrap}.odd{color:var(--odd);font-weight:bold}.soft{color:var(--soft)}
.holds{color:var(--people)}.chart{width:100%;height:auto;display:block}
.key{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:.3rem 0;padding:0;list-style:none}.key b{display:inline-block;width:.8rem;height:.8rem;margin-right:.3rem;vertical-align:-.1rem}
pre.diff{border:1px solid var(--rule);margin:.3rem 0;padding:.4rem;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}
.plus{color:var(--people)}.minus{color:var(--denied)}
.filters{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:end;background:var(--band);padding:.6rem;margin:.5rem 0}
.filters label{display:flex;flex-direction:column;color:var(--soft);font-size:.85rem;max-width:100%}.filters select{width:100%}.filters .check{flex-direction:row;gap:.3rem;align-items:center}
.filters input,.filters select{font:inherit;color:var(--ink);background:var(--back);border:1px solid var(--soft);padding:.25rem .4rem;max-width:100%}
article{border-top:1px solid var(--rule);padding:.6rem 0;break-inside:avoid-page;content-visibility:auto;contain-intrinsic-size:auto 11rem}
article h3{margin:0 0 .2rem;overflow-wrap:anywhere}article dl{margin:0;gap:.05rem 1rem}article.off{display:none}
.state{font-weight:normal;color:var(--soft)}blockquote{border-left:3px solid var(--rule);margin:.2rem 0;padding-left:.6rem}
@media (max-width:40rem){body{padding:1rem .7rem}dl{grid-template-columns:1fr;gap:0}dt{margin-top:.35rem}.wide table{max-width:none}td{overflow-wrap:break-word;max-width:22rem}td:first-child{min-width:8rem}}
@media print{:root{color-scheme:light;--ink:#000;--soft:#444;--rule:#bbb;--back:#fff;--odd:#900;--band:#fff;--people:#1f6f43;--policy:#2f5fb3;--denied:#a3262c;--ended:#8a6d00;--open:#777}
@page{margin:15mm}body{max-width:none;padding:0;font-size:10px}h1{font-size:16px}h2{font-size:13px}h3{font-size:11px}.key b{print-color-adjust:exact;-webkit-print-color-adjust:exact}.filters{display:none}
section{break-inside:auto}thead{display:table-header-group}tr{break-inside:avoid}article{content-visibility:visible}.wide{overflow:visible}a{text-decoration:none}}`

/** Hides the requests of a page that do not fit the filters. It sends and keeps nothing. */
const script = `(()=>{const f=document.querySelector('.filters');if(!f)return;f.hidden=false;
const all=[...document.querySelectorAll('article')],n=f.querySelector('output');
const g=k=>f.elements[k];const texts=new Map();
const apply=()=>{const w=g('text').value.toLowerCase().trim(),s=g('state').value,a=g('agent').value,c=g('control').value,o=g('odd').checked;let k=0;
for(const e of all){const d=e.dataset;let ok=(!s||d.state===s)&&(!a||d.agent===a)&&(!c||d.controls.split('\\n').includes(c))&&(!o||d.odd==='1');
if(ok&&w){let t=texts.get(e);if(t===undefined){t=e.textContent.toLowerCase();texts.set(e,t)}ok=t.includes(w)}
e.classList.toggle('off',!ok);if(ok)k++}n.value=k+' of '+all.length+' shown'};
f.addEventListener('input',apply);f.addEventListener('submit',e=>e.preventDefault());apply()})()`

const scriptHash = createHash('sha256').update(script).digest('base64')

/** Begins a page, and names the program that made it. @param title is escaped here */
export const periodPageHead = (title: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="countersign ${version}">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}'; base-uri 'none'; form-action 'none'">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
`

/** Ends a page. The script runs only if the page has filters. */
export const periodPageEnd = `</main>
<script>${script}</script>
</body>
</html>
`
