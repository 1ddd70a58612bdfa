import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { answerTo } from './azure.ts'
import { functions, misused, type Plain, sample } from './functions.ts'
import { faultsOf } from './names.ts'
import { lineAt, type Path } from './place.ts'
import {
  type Body,
  type Declaration,
  type Expression,
  type Flaw,
  type Loop,
  type ModuleDeclaration,
  type ObjectNode,
  type ParameterDeclaration,
  type ResourceDeclaration,
  SyntaxFlaw,
  type Template,
} from './syntax.ts'
import { parseTemplate } from './template.ts'
import { mismatches, partOf, type Type, typeOf } from './types.ts'
import {
  checkable,
  fits,
  isObject,
  keyOf,
  ModuleRef,
  type Module,
  operators,
  OutputsRef,
  plain,
  plainOr,
  ReadBack,
  type Resource,
  ResourceRef,
  type Unknown,
  unknown,
  type Value,
} from './values.ts'

/** A resource that a deployment would make. */
export interface Deployed {
  /** `Microsoft.Storage/storageAccounts/blobServices`. */
  readonly type: string
  readonly id: string
  /** The last part of its name. */
  readonly name: string
  /** The id of the resource that it is an extension of, as a role is of what it is for. */
  readonly scope: string | null
  readonly body: Readonly<Record<string, Plain>>
  readonly file: string
  /** The line in which a part of the body is written. */
  readonly lineAt: (path: Path) => number
}

export interface Evaluated {
  readonly flaws: readonly Flaw[]
  readonly deployed: readonly Deployed[]
  readonly outputs: Readonly<Record<string, Plain>>
  /** The line of each output. */
  readonly outputLines: Readonly<Record<string, number>>
}

/** Evaluates a template and its modules with parameters, as a deployment would, and says what is wrong with them. */
export function evaluate(path: string, parameters: Readonly<Record<string, Plain>>): Evaluated {
  const evaluation = new Evaluation()
  const main = evaluation.load(path, parameters, null)
  return {
    flaws: evaluation.flaws,
    deployed: evaluation.deployed,
    outputs: Object.fromEntries([...(main?.outputs ?? [])].map(([name, value]) => [name, plain(value)])),
    outputLines: Object.fromEntries(
      main?.template.declarations.flatMap((one) => (one.kind === 'output' ? [[one.name, one.line]] : [])) ?? [],
    ),
  }
}

/** Where a module is declared. */
interface Caller {
  readonly path: string
  readonly line: number
  /** The line in which a parameter is given. */
  readonly lineOf: (parameter: string) => number
}

interface Safety {
  /** `.?` stands before the name. */
  readonly isSafe: boolean
  /** It stands there, or earlier in the chain. */
  readonly isChainSafe: boolean
}

type Names = Readonly<Record<string, Value>>

/** Members of a resource that Bicep itself reads. */
const forBicep = ['parent', 'scope', 'dependsOn']

class Evaluation {
  readonly flaws: Flaw[] = []
  readonly deployed: Deployed[] = []

  /** @param caller where the module is declared; `null` for the file that is deployed */
  load(path: string, given: Names, caller: Caller | null): Module | null {
    const template = this.#parsed(path)
    if (!template) return null
    const module: Module = {
      ...{ path, template, declarations: declarationsOf(template), resources: new Map(), values: new Map() },
      ...{ modules: new Map(), busy: new Set(), outputs: new Map() },
    }
    for (const { line, words } of faultsOf(template)) this.#flaw(path, line, words)
    this.#take(module, given, caller)
    for (const one of template.declarations) if (one.kind === 'resource') this.#resource(module, one, null)
    for (const one of template.declarations) {
      if (one.kind === 'var') this.#named(module, one.name, one.line)
      if (one.kind === 'module') this.#module(module, one)
    }
    for (const one of module.resources.values()) this.#deploy(one, {})
    for (const one of template.declarations)
      if (one.kind === 'output') {
        const value = this.#value(one.value, module, {})
        if (!fits(one.type, value)) this.#flaw(path, one.line, `the output ${one.name} is no ${one.type}`)
        module.outputs.set(one.name, value)
      }
    return module
  }

  #flaw(path: string, line: number, words: string): Unknown {
    const file = basename(path)
    if (!this.flaws.some((one) => one.file === file && one.line === line && one.words === words))
      this.flaws.push({ file, line, words })
    return unknown
  }

  #parsed(path: string): Template | null {
    try {
      return parseTemplate(path)
    } catch (cause) {
      if (!(cause instanceof SyntaxFlaw)) throw cause
      this.#flaw(path, cause.line, cause.message)
      return null
    }
  }

  #take(module: Module, given: Names, caller: Caller | null): void {
    const { path, template, values } = module
    const file = basename(path)
    const parameters = template.declarations.filter((one) => one.kind === 'param')
    const flaw = (name: string, line: number, words: string) =>
      this.#flaw(caller?.path ?? path, caller?.lineOf(name) ?? line, words)
    for (const name of Object.keys(given))
      if (!parameters.some((one) => one.name === name)) flaw(name, 1, `${file} has no parameter ${name}`)
    for (const one of parameters) {
      const { name, line, type } = one
      const value = given[name] ?? (one.value ? this.#value(one.value, module, {}) : undefined)
      const about = `the parameter ${name} of ${file}`
      if (value === undefined) flaw(name, line, `${about} is missing`)
      else if (!fits(type, value)) flaw(name, line, `${about} is no ${type}`)
      else for (const { line, words } of this.#unfit(one, value, module)) flaw(name, line, `${about} ${words}`)
      values.set(name, value ?? unknown)
    }
  }

  /** What the decorators of a parameter say against its value. */
  #unfit({ decorators }: ParameterDeclaration, value: Value, module: Module): Pick<Flaw, 'line' | 'words'>[] {
    const size = typeof value === 'string' || Array.isArray(value) ? value.length : Number(value)
    return decorators.flatMap(({ name, args: [first], line }) => {
      const limit = first ? plain(this.#value(first, module, {})) : null
      const says = (holds: boolean, words: string) => (holds ? [] : [{ line, words }])
      switch (name) {
        case 'minLength':
        case 'minValue':
          return says(size >= Number(limit), `is at least ${JSON.stringify(limit)}`)
        case 'maxLength':
        case 'maxValue':
          return says(size <= Number(limit), `is at most ${JSON.stringify(limit)}`)
        case 'allowed':
          return says(Array.isArray(limit) && limit.includes(value), `is one of ${JSON.stringify(limit)}`)
        case 'description':
        case 'metadata':
          return []
        default:
          return [{ line, words: `has a decorator ${name}, which does not exist` }]
      }
    })
  }

  #resource(module: Module, declaration: ResourceDeclaration, above: Resource | null): Resource {
    const [kind = '', version = above?.version ?? ''] = declaration.type.split('@')
    const type = above ? `${above.type}/${kind}` : kind
    const definition = typeOf(`${type}@${version}`)
    if (!definition) this.#flaw(module.path, declaration.line, `there is no type ${type}@${version}`)
    if (type.startsWith('Microsoft.Graph/') && !module.template.extensions.includes('microsoftGraphV1'))
      this.#flaw(module.path, declaration.line, `${type} needs the extension microsoftGraphV1`)
    const below = new Map<string, Resource>()
    const resource: Resource = { declaration, module, above, type, version, definition, below }
    for (const one of declaration.object.resources) below.set(one.name, this.#resource(module, one, resource))
    if (!above) module.resources.set(declaration.name, resource)
    return resource
  }

  #module(module: Module, declaration: ModuleDeclaration): Module | null {
    const done = module.modules.get(declaration.name)
    if (done !== undefined) return done
    if (module.busy.has(declaration.name)) {
      this.#flaw(module.path, declaration.line, `the module ${declaration.name} needs itself`)
      return null
    }
    module.busy.add(declaration.name)
    const made = this.#isMade(declaration, module) ? this.#deployed(module, declaration) : null
    module.busy.delete(declaration.name)
    module.modules.set(declaration.name, made)
    return made
  }

  #deployed(module: Module, declaration: ModuleDeclaration): Module | null {
    const { path } = module
    const { line, object } = declaration
    const target = join(dirname(path), declaration.path)
    if (!existsSync(target)) {
      this.#flaw(path, line, `there is no file ${declaration.path}`)
      return null
    }
    const body = this.#object(object, module, {})
    for (const key of Object.keys(body))
      if (!['name', 'scope', 'params', 'dependsOn'].includes(key)) this.#flaw(path, line, `a module has no ${key}`)
    const { scope, params = {} } = body
    const given = isObject(params) ? params : {}
    const lineOf = (parameter: string) => lineAt(object, ['params', parameter], () => null)
    const found = this.load(target, given, { path, line, lineOf })
    const to = scope === undefined ? module.template.scope : scopeOf(scope)
    const wanted = found?.template.scope ?? 'resourceGroup'
    if (found && (to ?? 'resourceGroup') !== wanted)
      this.#flaw(path, line, `${declaration.path} is for a ${wanted}, and is deployed to ${to ?? 'a resourceGroup'}`)
    return found
  }

  #isMade({ condition }: Body, module: Module, names: Names = {}): boolean {
    if (!condition) return true
    const value = this.#value(condition, module, names)
    if (typeof value !== 'boolean' && value !== unknown)
      this.#flaw(module.path, condition.line, 'a condition is true or false')
    return value !== false
  }

  /** Makes a resource, once for each item of its loop, and what lies in it. */
  #deploy(resource: Resource, around: Names): void {
    const { declaration, module, below } = resource
    const { loop } = declaration
    const rounds = loop ? this.#rounds(loop, module, around) : [around]
    rounds.forEach((names, i) => {
      if (!this.#isMade(declaration, module, names)) return
      this.#make(resource, names, loop ? i : null)
      for (const one of below.values()) this.#deploy(one, names)
    })
  }

  #make(resource: Resource, names: Names, place: number | null): void {
    const { declaration, module, type, version, definition } = resource
    const { line, isExisting } = declaration
    const at = (path: Path) => lineAt(declaration.object, path, (name) => variableOf(module, name))
    const all = this.#object(declaration.object, module, names)
    const body = Object.fromEntries(Object.entries(all).filter(([key]) => !forBicep.includes(key)))
    if (definition && !isExisting) {
      for (const { path, words } of mismatches(definition, checkable(body))) this.#flaw(module.path, at(path), words)
    }
    for (const [key, value] of Object.entries(all).filter(([key]) => forBicep.includes(key)))
      for (const one of key === 'dependsOn' && Array.isArray(value) ? (value as Value[]) : [value])
        if (!(one instanceof ResourceRef || one instanceof ModuleRef || one === unknown))
          this.#flaw(module.path, at([key]), `${key} is no resource`)
    if (isExisting) return
    const { scope } = all
    const needs = type === 'Microsoft.Resources/resourceGroups' ? 'subscription' : 'resourceGroup'
    if ((module.template.scope ?? 'resourceGroup') !== needs && !type.startsWith('Microsoft.Graph/'))
      this.#flaw(module.path, line, `${type} is deployed to a ${needs}`)
    const ref = new ResourceRef(resource, place)
    const id = this.#id(ref)
    if (this.deployed.some((one) => one.id.toLowerCase() === id.toLowerCase()))
      this.#flaw(module.path, line, `a second ${type}@${version} with the same name`)
    this.deployed.push({
      ...{ type, id, name: id.split('/').at(-1) ?? '', scope: scope instanceof ResourceRef ? this.#id(scope) : null },
      ...{ body: plain(body) as Deployed['body'], file: basename(module.path), lineAt: at },
    })
  }

  #rounds(loop: Omit<Loop, 'body'>, module: Module, around: Names): readonly Names[] {
    const items = this.#value(loop.over, module, around)
    if (!Array.isArray(items)) {
      if (items !== unknown) this.#flaw(module.path, loop.line, 'a loop goes over a list')
      return []
    }
    return (items as readonly Value[]).map((item, i) => ({
      ...around,
      [loop.item]: item,
      ...(loop.place !== null && { [loop.place]: i }),
    }))
  }

  /** The names that a resource of a loop was made with. */
  #around({ resource, place }: ResourceRef): Names {
    const { loop } = resource.declaration
    return (loop && place !== null && this.#rounds(loop, resource.module, {})[place]) || {}
  }

  #nameOf(ref: ResourceRef): string {
    const { declaration, module, type } = ref.resource
    const keys = type.startsWith('Microsoft.Graph/') ? ['uniqueName', 'appId', 'appRoleId'] : ['name']
    const member = declaration.object.members.find(
      ({ key }) => key.kind === 'literal' && keys.includes(String(key.value)),
    )
    if (!member) {
      this.#flaw(module.path, declaration.line, `the resource ${declaration.name} has no name`)
      return '?'
    }
    const name = this.#value(member.value, module, this.#around(ref))
    return typeof name === 'string' ? name : '?'
  }

  #above(ref: ResourceRef): ResourceRef | null {
    const { above, declaration, module } = ref.resource
    if (above) return new ResourceRef(above, null)
    const member = declaration.object.members.find(({ key }) => key.kind === 'literal' && key.value === 'parent')
    const parent = member ? this.#value(member.value, module, this.#around(ref)) : null
    return parent instanceof ResourceRef ? parent : null
  }

  #namesAbove(ref: ResourceRef): readonly string[] {
    const above = this.#above(ref)
    return above ? [...this.#namesAbove(above), this.#nameOf(above)] : []
  }

  #id(ref: ResourceRef): string {
    const { type, declaration, module } = ref.resource
    const names = [...this.#namesAbove(ref), this.#nameOf(ref)]
    if (type === 'Microsoft.Resources/resourceGroups')
      return `/subscriptions/${sample.subscription}/resourceGroups/${names[0]}`
    const [space = '', ...kinds] = type.split('/')
    const path = ['providers', space, ...kinds.flatMap((kind, i) => [kind, names[i] ?? '?'])].join('/')
    const member = declaration.object.members.find(({ key }) => key.kind === 'literal' && key.value === 'scope')
    const scope = member ? this.#value(member.value, module, this.#around(ref)) : null
    return `${scope instanceof ResourceRef ? this.#id(scope) : sample.group}/${path}`
  }

  #object({ members }: ObjectNode, module: Module, names: Names): Record<string, Value> {
    const result: Record<string, Value> = {}
    for (const { key, value, line } of members) {
      const name = this.#value(key, module, names)
      if (typeof name !== 'string') this.#flaw(module.path, line, 'a key is text')
      else if (Object.hasOwn(result, name)) this.#flaw(module.path, line, `${name} is set twice`)
      else result[name] = this.#value(value, module, names)
    }
    return result
  }

  #value(node: Expression, module: Module, names: Names): Value {
    const value = (one: Expression) => this.#value(one, module, names)
    const flaw = (words: string) => this.#flaw(module.path, node.line, words)
    switch (node.kind) {
      case 'literal':
        return node.value
      case 'text': {
        const parts = node.parts.map((part) => (typeof part === 'string' ? part : value(part)))
        if (parts.includes(unknown)) return unknown
        const strange = parts.find((part) => typeof part === 'object')
        return strange === undefined
          ? parts.map(String).join('')
          : flaw('only text, numbers and true or false stand in text')
      }
      case 'name':
        return Object.hasOwn(names, node.name) ? (names[node.name] ?? null) : this.#named(module, node.name, node.line)
      case 'list':
        return node.items.map(value)
      case 'object':
        return this.#object(node, module, names)
      case 'loop':
        return this.#rounds(node, module, names).map((round) => this.#value(node.body, module, round))
      case 'member':
        return this.#member(value(node.of), node.name, { isSafe: node.isSafe, isChainSafe: isSafe(node) }, flaw)
      case 'element':
        return this.#element(value(node.of), value(node.place), isSafe(node), flaw)
      case 'child': {
        const above = value(node.of)
        if (!(above instanceof ResourceRef)) return above === unknown ? unknown : flaw(':: follows a resource')
        const found = above.resource.below.get(node.name)
        return found
          ? new ResourceRef(found, null)
          : flaw(`${above.resource.declaration.name} has no resource ${node.name} in it`)
      }
      case 'lambda':
        return flaw('a lambda stands where no function takes it')
      case 'unary': {
        const one = value(node.of)
        if (one === unknown) return unknown
        if (node.operator === '!') return typeof one === 'boolean' ? !one : flaw('! is for true or false')
        return typeof one === 'number' ? -one : flaw('- is for numbers')
      }
      case 'binary':
        return this.#binary(node.operator, node.left, node.right, value, flaw)
      case 'choice': {
        const condition = value(node.condition)
        if (typeof condition === 'boolean') return value(condition ? node.yes : node.no)
        return condition === unknown ? unknown : flaw('a condition is true or false')
      }
      case 'call':
        return this.#call(node.name, node.args, { module, names, value, flaw })
    }
  }

  #named(module: Module, name: string, line: number): Value {
    const { declarations, values, busy, path } = module
    const declaration = declarations.get(name)
    switch (declaration?.kind) {
      case undefined:
      case 'output':
        return this.#flaw(path, line, `${name} is not declared`)
      case 'resource': {
        const resource = module.resources.get(name)
        return resource ? new ResourceRef(resource, null) : unknown
      }
      case 'module':
        return new ModuleRef(this.#module(module, declaration), name)
      case 'param':
      case 'var': {
        const known = values.get(name)
        if (known !== undefined) return known
        if (busy.has(name) || declaration.kind === 'param')
          return this.#flaw(path, declaration.line, `${name} needs itself`)
        busy.add(name)
        const value = this.#value(declaration.value, module, {})
        busy.delete(name)
        values.set(name, value)
        return value
      }
    }
  }

  #member(of: Value, name: string, { isSafe, isChainSafe }: Safety, flaw: (words: string) => Unknown): Value {
    if (of === unknown) return unknown
    if (of === null) return isChainSafe ? null : flaw(`${name} of nothing`)
    if (of instanceof ResourceRef) return this.#read(of, [], of.resource.definition, name, flaw)
    if (of instanceof ReadBack) return this.#read(of.ref, of.path, of.type, name, flaw)
    if (of instanceof ModuleRef) {
      if (name === 'name') return of.name
      if (name !== 'outputs') return flaw(`a module has no ${name}`)
      if (of.module) return new OutputsRef(of.module, of.name)
      return isSafe ? null : flaw(`the module ${of.name} may be left out: use .?outputs`)
    }
    if (of instanceof OutputsRef) {
      const output = of.module.outputs.get(name)
      return output ?? flaw(`the module ${of.name} has no output ${name}`)
    }
    if (!isObject(of)) return flaw(`${name} of ${JSON.stringify(of)}`)
    if (Object.hasOwn(of, name)) return of[name] ?? null
    return isSafe ? null : flaw(`there is no ${name}`)
  }

  /** Reads a part of what Azure answers. A part that the type does not have is a flaw. */
  #read(
    ref: ResourceRef,
    path: readonly string[],
    type: Type | null,
    name: string,
    flaw: (words: string) => Unknown,
  ): Value {
    const { resource, place } = ref
    const isGraph = resource.type.startsWith('Microsoft.Graph/')
    if (resource.declaration.loop && place === null) return flaw(`${resource.declaration.name} is many: say which`)
    if (path.length === 0 && !isGraph) {
      if (name === 'id') return this.#id(ref)
      if (name === 'name') return this.#nameOf(ref)
    }
    const part = type && partOf(type, name)
    const full = [...path, name]
    if (!part) return type ? flaw(`${resource.type} has no ${full.join('.')}`) : unknown
    const answer = answerTo({ type: resource.type, name: this.#nameOf(ref), above: this.#namesAbove(ref) }, full)
    return answer ?? new ReadBack(ref, full, part)
  }

  #element(of: Value, place: Value, isSafe: boolean, flaw: (words: string) => Unknown): Value {
    if (of === unknown || place === unknown) return unknown
    if (of === null && isSafe) return null
    if (of instanceof ResourceRef) {
      const count = this.#rounds(of.resource.declaration.loop ?? noLoop, of.resource.module, {}).length
      const isThere = typeof place === 'number' && place < count
      return isThere ? new ResourceRef(of.resource, place) : flaw(`there is no [${JSON.stringify(plain(place))}]`)
    }
    const found = Array.isArray(of) ? (of as Value[])[Number(place)] : isObject(of) ? of[keyOf(place)] : undefined
    return found ?? (isSafe ? null : flaw(`there is no [${JSON.stringify(place)}]`))
  }

  #binary(
    operator: string,
    leftNode: Expression,
    rightNode: Expression,
    value: (node: Expression) => Value,
    flaw: (words: string) => Unknown,
  ): Value {
    const left = value(leftNode)
    if (operator === '??') return left ?? value(rightNode)
    if (operator === '&&' && left === false) return false
    if (operator === '||' && left === true) return true
    const right = value(rightNode)
    if (left === unknown || right === unknown) return unknown
    const compute = operators[operator]
    if (!compute) return flaw(`there is no operator ${operator}`)
    const { takes, gives } = compute
    if (takes !== 'any' && (typeof left !== takes || typeof right !== takes))
      return flaw(`${operator} is for each a ${takes}`)
    return gives(left as never, right as never)
  }

  #call(
    name: string,
    args: readonly Expression[],
    at: {
      readonly module: Module
      readonly names: Names
      readonly value: (node: Expression) => Value
      readonly flaw: (words: string) => Unknown
    },
  ): Value {
    const { module, names, value, flaw } = at
    const known = functions[name]
    if (!known) return flaw(`there is no function ${name}`)
    const lambda = args.find((one) => one.kind === 'lambda')
    const values = args.map((one) => (one.kind === 'lambda' ? null : value(one)))
    if (values.includes(unknown)) return unknown
    const wrong = misused(
      name,
      values.map((one) => (one instanceof ReadBack ? one : plainOr(one))),
    )
    if (wrong) return flaw(wrong)
    if (name === 'fail') return flaw(keyOf(values[0]))
    if (name === 'filter' || name === 'map') {
      if (!lambda) return flaw(`${name} takes a lambda`)
      const [item = ''] = lambda.names
      const each = (one: Value) => this.#value(lambda.body, module, { ...names, [item]: one })
      const items = values[0] as readonly Value[]
      return name === 'map' ? items.map(each) : items.filter((one) => each(one) === true)
    }
    return (known.run as (...args: readonly Value[]) => Plain)(...values)
  }
}

const noLoop: Omit<Loop, 'body'> = {
  kind: 'loop',
  line: 1,
  item: '',
  place: null,
  over: { kind: 'list', line: 1, items: [] },
}

function variableOf({ declarations }: Module, name: string): Expression | null {
  const declared = declarations.get(name)
  return declared?.kind === 'var' ? declared.value : null
}

/** `a.?b.c` is nothing if `a` is nothing: the mark holds for all that follows. */
const isSafe = (node: Expression): boolean =>
  (node.kind === 'member' || node.kind === 'element') && (node.isSafe || isSafe(node.of))

const declarationsOf = ({ declarations }: Template): ReadonlyMap<string, Declaration> =>
  new Map(declarations.filter(({ kind }) => kind !== 'output').map((one) => [one.name, one]))

/** What a module is deployed to, by the resource that `scope` names. */
const scopeOf = (scope: Value): string =>
  scope instanceof ResourceRef && scope.resource.type === 'Microsoft.Resources/resourceGroups'
    ? 'resourceGroup'
    : 'something else'
