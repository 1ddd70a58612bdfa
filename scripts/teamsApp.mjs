// Makes the app package for Teams, and checks one:
// https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/apps-package
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { fromBufferPromise } from 'yauzl'
import { ZipFile } from 'yazl'
import { readPng } from './png.mjs'

/** Versions of the manifest that this project makes. Private channels take an app from 1.25 on. */
export const manifestVersions = ['1.25', '1.24']

/** Pixels of each side, by the member of `icons` that names the file. */
const iconSizes = { color: 192, outline: 32 }

/** The icons' sources, and the template of the manifest. */
export const sources = fileURLToPath(new URL('../infra/teams/', import.meta.url))

/** Fills the template in. `values` has a text for each name in double braces; without `api` the app has no tabs. */
export function manifestOf(values) {
  const { staticTabs, configurableTabs, webApplicationInfo, ...template } = JSON.parse(
    readFileSync(`${sources}manifest.json`, 'utf8'),
  )
  const tabs = { staticTabs, configurableTabs, webApplicationInfo }
  const chosen = values.api === undefined ? { ...template, validDomains: [] } : { ...template, ...tabs }
  const manifest = filled(chosen, { ...values, host: new URL(values.url).host })
  // Teams refuses the member in older manifests, and demands it in newer ones.
  if (!hasChannelFeatures(values.manifest)) delete manifest.supportsChannelFeatures
  return manifest
}

function filled(value, values) {
  if (typeof value === 'string')
    return value.replace(/\{\{(\w+)\}\}/g, (_, name) => {
      if (values[name] === undefined) throw new Error(`Nothing is given for {{${name}}} of the template.`)
      return values[name]
    })
  if (Array.isArray(value)) return value.map((one) => filled(one, values))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, values)]))
}

/** Draws the icons of a folder, by the file's name in the package. @throws {Error} naming the file */
export async function drawIcons(folder) {
  const { Resvg, initWasm } = await import('@resvg/resvg-wasm')
  await (ready ??= initWasm(readFileSync(createRequire(import.meta.url).resolve('@resvg/resvg-wasm/index_bg.wasm'))))
  const icons = {}
  for (const [name, size] of Object.entries(iconSizes)) {
    const source = `${folder.replace(/\/$/, '')}/${name}.svg`
    try {
      const drawing = new Resvg(readFileSync(source, 'utf8'), { fitTo: { mode: 'width', value: size } })
      icons[`${name}.png`] = Buffer.from(drawing.render().asPng())
    } catch (cause) {
      throw new Error(cause.code === 'ENOENT' ? `${source} is not there` : `${source} is not an SVG image`, { cause })
    }
  }
  return icons
}

let ready

/** Packs files by name. The same files give the same bytes, on any day, in any time zone and with any zlib. */
export async function zipOf(files) {
  const zip = new ZipFile()
  const mtime = new Date(1980, 0, 1)
  for (const [name, bytes] of Object.entries(files))
    zip.addBuffer(bytes, name, { mtime, mode: 0o100644, compress: false, forceDosTimestamp: true })
  zip.end()
  return buffer(zip.outputStream)
}

/** Lists what Teams would refuse in a package, one line each. Empty if nothing was found. */
export async function packageFaults(bytes) {
  let files
  try {
    files = await filesIn(bytes)
  } catch {
    return ['the package is not a zip file']
  }
  const faults = Object.keys(files)
    .filter((name) => name.includes('/'))
    .map((name) => `${name} lies in a folder: all files lie at the root of the package`)
  if (!files['manifest.json']) return [...faults, 'manifest.json is not at the root of the package']
  let manifest
  try {
    manifest = JSON.parse(files['manifest.json'].toString('utf8'))
  } catch {
    return [...faults, 'manifest.json is not JSON']
  }
  return [...faults, ...(await manifestFaults(manifest)), ...iconFaults(manifest, files)]
}

/** The largest sizes of a package: far above real ones, and far below what could fill memory. */
const largestFile = 1024 * 1024
const mostFiles = 20

async function filesIn(bytes) {
  const zip = await fromBufferPromise(bytes)
  const files = {}
  for await (const entry of zip.eachEntry()) {
    if (entry.uncompressedSize > largestFile || Object.keys(files).length === mostFiles)
      throw new Error('The package is too large.')
    files[entry.fileName] = await buffer(await zip.openReadStreamPromise(entry))
  }
  return files
}

/** Faults by the schema, and by Teams' further rules. */
export async function manifestFaults(manifest) {
  const { AppManifestUtils } = await import('@microsoft/app-manifest')
  const version = String(manifest.manifestVersion)
  if (!manifestVersions.includes(version))
    return [`manifestVersion is ${version}: this project makes ${manifestVersions.join(' and ')}`]
  // The library fetches a schema that it does not have; nothing here goes over the network.
  if (manifest.$schema !== schemaOf(version)) return [`$schema is not ${schemaOf(version)}`]
  const bySchema = await AppManifestUtils.validateAgainstSchema(manifest)
  const isForTeams = manifest.bots?.some(({ scopes }) => scopes?.includes('team')) === true
  const { supportsChannelFeatures: features } = manifest
  return [
    ...bySchema.map((fault) => `manifest.json: ${fault}`),
    ...(hasChannelFeatures(version) && isForTeams && features !== 'tier1'
      ? ['supportsChannelFeatures is missing: from 1.25 on, a bot for teams says "tier1"']
      : []),
    ...(!hasChannelFeatures(version) && features !== undefined
      ? ['supportsChannelFeatures is not known before 1.25']
      : []),
    ...tabFaults(manifest),
  ]
}

/**
 * Faults of tabs. Teams opens pages of the domains in `validDomains` alone, and gives tokens to those alone whose domain is
 * in the resource: https://learn.microsoft.com/microsoftteams/platform/tabs/how-to/authentication/tab-sso-manifest
 */
function tabFaults({ staticTabs = [], configurableTabs = [], validDomains = [], webApplicationInfo }) {
  const opened = [
    ...staticTabs.map(({ contentUrl }) => ['staticTabs', contentUrl]),
    ...configurableTabs.map(({ configurationUrl }) => ['configurableTabs', configurationUrl]),
  ].filter(([, address]) => URL.canParse(address))
  const hosts = opened.map(([where, address]) => [where, new URL(address).host])
  const resources = [...new Set(hosts.map(([, host]) => `api://${host}/${webApplicationInfo?.id}`))]
  return [
    ...hosts
      .filter(([, host]) => !validDomains.includes(host))
      .map(([where, host]) => `validDomains lacks ${host}, which ${where} opens`),
    ...(resources.every((resource) => resource === webApplicationInfo?.resource)
      ? []
      : [`webApplicationInfo.resource is not ${resources.join(' and ')}`]),
  ]
}

const schemaOf = (version) =>
  `https://developer.microsoft.com/json-schemas/teams/v${version}/MicrosoftTeams.schema.json`

/** https://learn.microsoft.com/microsoftteams/platform/resources/schema/manifest-schema#supportschannelfeatures */
const hasChannelFeatures = (version) => Number(version.split('.')[1]) >= 25

function iconFaults({ icons = {} }, files) {
  return Object.entries(iconSizes).flatMap(([name, size]) => {
    const file = icons[name]
    if (typeof file !== 'string' || !files[file]) return [`icons.${name} names no file of the package`]
    try {
      const image = readPng(files[file])
      if (image.width !== size || image.height !== size)
        return [`${file} is ${image.width} x ${image.height} pixels: the ${name} icon is ${size} x ${size}`]
      return name === 'outline' ? outlineFaults(file, image) : []
    } catch (cause) {
      return [`${file} ${cause.message}`]
    }
  })
}

/** Teams draws the outline on its own colours, so it must be white and transparent only. */
function outlineFaults(file, { pixels }) {
  let [white, clear] = [0, 0]
  for (let at = 0; at < pixels.length; at += 4) {
    const [red, green, blue, alpha] = pixels.subarray(at, at + 4)
    if (alpha === 0) clear += 1
    else if (red === 255 && green === 255 && blue === 255) white += 1
    else return [`${file} has a pixel that is neither white nor transparent`]
  }
  if (white === 0) return [`${file} shows nothing`]
  return clear === 0 ? [`${file} has no transparent background`] : []
}
