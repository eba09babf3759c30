import type { HubRegistry } from '../core/hub.registry.js';
import type { Hub } from '../core/hub.js';
import type { EmulatorContext } from '../emulator-context.js';
import type { RestRequest } from './rest-request.js';
import type { RestParameters } from './rest-parameters.js';

export type RestMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** A success; what is not one is thrown as a RestError. */
export interface RestAnswer {
  readonly status: 200 | 202 | 204;
  /** Sent as JSON; absent: no body. */
  readonly body?: unknown;
  /** Whether the body must stay out of the traffic record. */
  readonly isSecret?: true;
}

/** What operations work on. */
export interface RestService {
  readonly context: EmulatorContext;
  readonly hubs: HubRegistry;
}

/** One operation of the REST API. */
export interface RestRoute {
  /** The operation id of the service's specification, which `docs/coverage.md` lists. */
  readonly id: string;
  readonly method: RestMethod;
  /** `{name}` stands for one segment. */
  readonly path: string;
  /** Whether no token is asked for. */
  readonly isPublic?: true;
  /**
   * Reads path and query, which are checked before the token [rest-api 1], and returns what is done for a caller whose
   * token is good.
   */
  prepare(parameters: RestParameters, service: RestService): RestAction;
}

export type RestAction = (request: RestRequest) => RestAnswer | Promise<RestAnswer>;

/** The hub, if anything ever named it: one that nobody named has no connections, and REST need not bring it about. */
export function findHub(parameters: RestParameters, service: RestService): Hub | undefined {
  return service.hubs.find(parameters.hub());
}
