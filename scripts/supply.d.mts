interface About {
  name?: string
  version?: string
  license?: string
  scripts?: Record<string, string>
}

interface Manifest extends About {
  scripts: Record<string, string>
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
}

interface Entry {
  name?: string
  version?: string
  license?: string
  integrity?: string
  resolved?: string
  hasInstallScript?: boolean
  optional?: boolean
  dev?: boolean
  os?: string[]
  optionalDependencies?: Record<string, string>
}

interface Supply {
  manifest: Manifest
  lock: { packages: Record<string, Entry> }
  npmrc: string
  installed: Record<string, About>
}

export const licenceExceptions: Readonly<Record<string, string>>
export const installScripts: Readonly<Record<string, string>>
export function readSupply(root?: URL): Supply
export function licenceFaults(supply: Supply, exceptions?: Readonly<Record<string, string>>): string[]
export function lockFaults(supply: Supply, scripts?: Readonly<Record<string, string>>): string[]
export const flawExceptions: Readonly<Record<string, string>>
export const knownFlaws: readonly {
  readonly name: string
  readonly advisories: readonly string[]
  readonly below: readonly string[]
}[]
export function flawFaults(supply: Supply, exceptions?: Readonly<Record<string, string>>): string[]
export function nameOf(path: string, entry?: Entry): string
