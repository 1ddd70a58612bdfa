// Bundles what draws the cards and runs it, with these arguments.
import { run } from './bundled.mjs'

await run('trials/cards/main.ts', 'dist/cardPictures.cjs')
