interface TeamsValues {
  manifest: string
  version: string
  bot: string
  publisher: string
  site: string
  privacy: string
  terms: string
  name: string
  url: string
  api?: string
}

export const manifestVersions: readonly string[]
export const sources: string
export function manifestOf(values: TeamsValues): Record<string, unknown>
export function drawIcons(folder: string): Promise<Record<string, Buffer>>
export function zipOf(files: Record<string, Buffer>): Promise<Buffer>
export function packageFaults(bytes: Buffer): Promise<string[]>
export function manifestFaults(manifest: Record<string, unknown>): Promise<string[]>
