import type { Options } from './options.ts'
import type { Screen } from './screen.ts'
import type { Service } from './service.ts'
import type { Environment } from './environment.ts'

/** What a command works with that needs no service. */
export interface Offline {
  readonly options: Options
  readonly environment: Environment
  readonly screen: Screen
}

/** What a command works with. */
export interface Session extends Offline {
  readonly service: Service
}
