import { words as ours } from '../words.ts'

export const number = (count: number): string => new Intl.NumberFormat(ours.locale).format(count)

const units = ['KiB', 'MiB', 'GiB'] as const

/** Writes a number of bytes: `48 KiB`, `1.5 GiB`. */
export function bytesIn(bytes: number): string {
  const power = Math.max(1, Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length))
  const value = bytes / 1024 ** power
  return `${number(value < 10 ? Math.ceil(value * 10) / 10 : Math.ceil(value))} ${units[power - 1]}`
}
