import type { Options } from './options.ts'
import type { Screen } from './screen.ts'
import type { Service } from './service.ts'
import type { Environment } from './environment.ts'

/** The input of a command that needs no service. */
export interface Offline {
  readonly options: Options
  readonly environment: Environment
  readonly screen: Screen
}

/** The input of a command that calls the service. */
export interface Session extends Offline {
  readonly service: Service
}
