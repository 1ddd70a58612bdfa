import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { approvers, type Changes, deployBot, person } from '../policy/folder.ts'

/** The people of the todo application: their mail address, and their id in the later drafts. */
const todoPeople = readTodoPeople()

function readTodoPeople(): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync(join(import.meta.dirname, 'todo-00.json'), 'utf8')
  const { evaluation } = JSON.parse(text) as {
    evaluation: { request: { subject: { id: string; identity: string } } }[]
  }
  return new Map(
    evaluation.map(({ request: { subject } }) => [subject.id.split('@')[0] ?? '', [subject.id, subject.identity]]),
  )
}

const are = (...names: readonly string[]): string =>
  names
    .flatMap((name) => todoPeople.get(name) ?? [])
    .map((id) => `context.params.subject.id == ${JSON.stringify(id)}`)
    .join(' || ')

const todo = (last: string): string => `context.target == "todo/7240d0db-8ff0-41ec-98b2-34a096273b${last}"`

/** The rules of the certification scenario and of the todo application. Nothing of them asks people. */
const allow = `
@id("read") permit (principal, action == Action::"read", resource);
@id("write-archived") permit (principal, action == Action::"write", resource)
when { context.params.subject has properties && context.params.subject.properties has role }
when { context.params.subject.properties.role == "admin" }
when { context.params has resource && context.params.resource.properties has status }
when { context.params.resource.properties.status == "archived" };
@id("delete-softly") permit (principal, action == Action::"delete", resource) when { context.params.soft };
@id("anyone") permit (principal, action in [Action::"can_read_user", Action::"can_read_todos"], resource);
@id("create") permit (principal, action == Action::"can_create_todo", resource) when { ${are('rick', 'morty', 'summer')} };
@id("any") permit (principal, action in [Action::"can_update_todo", Action::"can_delete_todo"], resource) when { ${are('rick')} };
@id("own-1") permit (principal, action in [Action::"can_update_todo", Action::"can_delete_todo"], resource)
when { (${are('morty')}) && ${todo('91')} };
@id("own-3") permit (principal, action in [Action::"can_update_todo", Action::"can_delete_todo"], resource)
when { (${are('summer')}) && ${todo('93')} };
`

const action = (names: string, params: string): string =>
  `action ${names} appliesTo { principal: Agent, resource: Target, context: { environment: String, target: String, params: { ${params} } } };`

const subject = 'subject: { "type": String, id: String, properties?: { role?: String, department?: String } }'
const resource = 'resource?: { properties: { status?: String, owner?: String, ownerID?: String, userID?: String } }'

const schema = `
entity Agent;
entity Target;
${action('"read", "write"', `${subject}, ${resource}, method?: String`)}
${action('"delete"', `${subject}, ${resource}, soft: Bool`)}
${action('"can_read_user", "can_read_todos", "can_create_todo", "can_update_todo", "can_delete_todo"', `${subject}, ${resource}`)}
`

export const fixture: Changes = {
  'forbid.cedar': '',
  'approve.cedar': '',
  'allow.cedar': allow,
  'schema.cedarschema': schema,
  'approvers.json': approvers({
    agents: { [deployBot]: { name: 'deploy-bot', appId: person(90), owners: [person(3)], limits: { answered: 1000 } } },
  }),
}
