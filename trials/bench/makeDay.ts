import { writeDay } from './day.ts'

const [folder = '', events] = process.argv.slice(2)
await writeDay(folder, Number(events))
