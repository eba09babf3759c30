import { type WebPubSubGroup, WebPubSubServiceClient } from '@azure/web-pubsub';
import type { ValueProvider } from '@nestjs/common';
import { getServiceClientToken } from '../library/service-client/service-client.tokens.js';

/**
 * One call of the service client, as the hub class made it.
 *
 * @publicApi
 */
export interface ServiceClientCall {
  /** Name of the method, `sendToAll` for one. */
  readonly operation: string;
  /** Present when the call was made on `service.group(name)`. */
  readonly group?: string;
  readonly args: readonly unknown[];
}

/**
 * A service client that sends nothing and records what it was asked to do. Questions are answered as by an empty hub:
 * nothing exists, nobody is permitted, groups have no members; `answer` says otherwise.
 *
 * @publicApi
 */
export interface FakeServiceClient extends WebPubSubServiceClient {
  /** In the order they were made. */
  readonly calls: readonly ServiceClientCall[];
  /** The arguments of each call of one operation. */
  argsOf(operation: ServiceOperation, group?: string): (readonly unknown[])[];
  /** What an operation resolves with from now on. */
  answer(operation: ServiceOperation, value: unknown): void;
  /** What an operation rejects with from now on. */
  fail(operation: ServiceOperation, error: Error): void;
  /** Forgets calls and answers. */
  reset(): void;
}

/**
 * Names of the methods of the service client and of its groups.
 *
 * @publicApi
 */
export type ServiceOperation = Exclude<MethodOf<WebPubSubServiceClient> | MethodOf<WebPubSubGroup>, 'group'>;

type MethodOf<T> = { [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K & string : never }[keyof T];

const HUB_OPERATIONS = [
  'sendToAll',
  'sendToUser',
  'sendToConnection',
  'connectionExists',
  'closeConnection',
  'closeAllConnections',
  'closeUserConnections',
  'removeUserFromAllGroups',
  'removeConnectionFromAllGroups',
  'addConnectionsToGroups',
  'removeConnectionsFromGroups',
  'groupExists',
  'userExists',
  'grantPermission',
  'revokePermission',
  'hasPermission',
  'getClientAccessToken',
] as const satisfies readonly MethodOf<WebPubSubServiceClient>[];

const GROUP_OPERATIONS = [
  'addConnection',
  'removeConnection',
  'closeAllConnections',
  'addUser',
  'removeUser',
  'sendToAll',
  'listConnections',
] as const satisfies readonly MethodOf<WebPubSubGroup>[];

const QUESTIONS: ReadonlySet<string> = new Set(['connectionExists', 'groupExists', 'userExists', 'hasPermission']);

/**
 * The provider that puts a `FakeServiceClient` in the place of the hub's service client:
 * `providers: [ChatHub, provideFakeServiceClient('chat')]`, then `moduleRef.get(getServiceClientToken('chat'))`.
 * Throws a TypeError when the name is no hub name.
 *
 * @publicApi
 */
export function provideFakeServiceClient(hub: string): ValueProvider<FakeServiceClient> {
  return { provide: getServiceClientToken(hub), useValue: createFakeServiceClient(hub) };
}

/**
 * A `FakeServiceClient` by itself, for a hub class made with `new`.
 *
 * @publicApi
 */
export function createFakeServiceClient(hub: string): FakeServiceClient {
  const record = new CallRecord(hub);
  const fake: object = Object.create(WebPubSubServiceClient.prototype);
  const members = {
    hubName: hub,
    endpoint: ENDPOINT,
    apiVersion: API_VERSION,
    ...record.methods(HUB_OPERATIONS),
    group: (groupName: string) => ({
      groupName,
      hubName: hub,
      endpoint: ENDPOINT,
      apiVersion: API_VERSION,
      ...record.methods(GROUP_OPERATIONS, groupName),
    }),
    calls: record.calls,
    argsOf: (operation: string, group?: string) =>
      record.calls.filter((call) => call.operation === operation && call.group === group).map(({ args }) => args),
    answer: (operation: string, value: unknown) => record.outcomes.set(operation, { value }),
    fail: (operation: string, error: Error) => record.outcomes.set(operation, { error }),
    reset: () => record.reset(),
  };
  // Defined, since some are getters of the class; to be changed like its methods, by `jest.spyOn` for one.
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(fake, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return fake as FakeServiceClient;
}

const ENDPOINT = 'http://fake.webpubsub.invalid';
const API_VERSION = '2024-12-01';

class CallRecord {
  readonly calls: ServiceClientCall[] = [];
  readonly outcomes = new Map<string, { value: unknown } | { error: Error }>();

  constructor(private readonly hub: string) {}

  methods(operations: readonly string[], group?: string): Record<string, (...args: unknown[]) => Promise<unknown>> {
    return Object.fromEntries(
      operations.map((operation) => [operation, (...args: unknown[]) => this.#call(operation, group, args)]),
    );
  }

  reset(): void {
    this.calls.length = 0;
    this.outcomes.clear();
  }

  async #call(operation: string, group: string | undefined, args: readonly unknown[]): Promise<unknown> {
    this.calls.push({ operation, args, ...(group !== undefined && { group }) });
    const outcome = this.outcomes.get(operation);
    if (!outcome) return this.#emptyHubAnswer(operation, args);
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  #emptyHubAnswer(operation: string, args: readonly unknown[]): unknown {
    if (QUESTIONS.has(operation)) return false;
    if (operation === 'listConnections') return Object.assign(noMembers(), { byPage: noMembers });
    if (operation !== 'getClientAccessToken') return undefined;
    const { clientProtocol } = (args[0] ?? {}) as { clientProtocol?: string };
    const path = clientProtocol === 'mqtt' ? 'clients/mqtt/hubs' : 'client/hubs';
    const baseUrl = `${ENDPOINT.replace('http', 'ws')}/${path}/${this.hub}`;
    return { baseUrl, token: 'fake-token', url: `${baseUrl}?access_token=fake-token` };
  }
}

// An empty stream of members, in whole and by page.
async function* noMembers(): AsyncGenerator<never> {}
