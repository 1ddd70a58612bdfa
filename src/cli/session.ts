import type { Options } from './options.ts'
import type { Screen } from './screen.ts'
import type { Service } from './service.ts'
import type { Environment } from './settings.ts'

/** What a command works with. */
export interface Session {
  readonly options: Options
  readonly environment: Environment
  readonly screen: Screen
  readonly service: Service
}
