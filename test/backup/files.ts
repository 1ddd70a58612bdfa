import type { ContainerClient } from '@azure/storage-blob'

/** Names of all files of a container that match, sorted. */
export async function namesIn(container: ContainerClient, pattern: RegExp = /./): Promise<readonly string[]> {
  const names: string[] = []
  for await (const { name } of container.listBlobsFlat()) if (pattern.test(name)) names.push(name)
  return names.sort()
}

/** The one file that matches. */
export async function nameIn(container: ContainerClient, pattern: RegExp): Promise<string> {
  const [name, ...others] = await namesIn(container, pattern)
  if (name === undefined || others.length > 0) throw new Error(`Not one file matches ${pattern.source}.`)
  return name
}

export const textIn = async (container: ContainerClient, name: string): Promise<string> =>
  (await container.getBlobClient(name).downloadToBuffer()).toString('utf8')

export const metadataIn = async (container: ContainerClient, name: string): Promise<Readonly<Record<string, string>>> =>
  (await container.getBlobClient(name).getProperties()).metadata ?? {}

/** Writes other bytes under a name, with the metadata that were there: Azurite has no containers that are written once. */
export async function rewrite(
  container: ContainerClient,
  name: string,
  change: (text: string) => string,
  note: (note: string) => string = (same) => same,
): Promise<void> {
  const blob = container.getBlockBlobClient(name)
  const metadata = await metadataIn(container, name)
  const bytes = Buffer.from(change(await textIn(container, name)))
  const { note: kept } = metadata
  await blob.upload(bytes, bytes.length, { metadata: { ...metadata, ...(kept !== undefined && { note: note(kept) }) } })
}

export const remove = async (container: ContainerClient, name: string): Promise<void> => {
  await container.deleteBlob(name)
}
