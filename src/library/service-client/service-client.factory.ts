import { WebPubSubServiceClient } from '@azure/web-pubsub';
import type { WebPubSubModuleOptions } from '../web-pubsub-options.interface.js';
import { SERVICE_UNKNOWN } from './service-client.messages.js';
import { readServiceConnection, type ServiceConnection } from './service-connection.js';

/** Makes the official service client of a hub, as the options of the module say. */
export class ServiceClientFactory {
  /** What `createUnavailable` made, by hub. */
  readonly standIns = new Map<string, WebPubSubServiceClient>();
  readonly #connection: ServiceConnection | undefined;
  readonly #options: WebPubSubModuleOptions['serviceClientOptions'];

  /** Throws a `StartUpError` when the options cannot work. */
  constructor(options: WebPubSubModuleOptions) {
    this.#options = options.serviceClientOptions;
    this.#connection = readServiceConnection(options);
  }

  /** Whether the options name a service to call. */
  get isServiceKnown(): boolean {
    return this.#connection !== undefined;
  }

  /** The hub's name keeps its spelling in requests. Throws an Error when the options name no service. */
  create(hub: string): WebPubSubServiceClient {
    if (!this.#connection) throw new Error(SERVICE_UNKNOWN);
    const { endpoint, credential, isInsecureAllowed } = this.#connection;
    return new WebPubSubServiceClient(endpoint, credential, hub, {
      ...this.#options,
      ...(isInsecureAllowed && { allowInsecureConnection: true }),
    });
  }

  /**
   * Stands in for a client when the options name no service: an application that only receives events starts, and a call
   * says what is missing. It becomes a client when the members of one are assigned to it, which a test kit does.
   */
  createUnavailable(hub: string): WebPubSubServiceClient {
    const operations = WebPubSubServiceClient.prototype as object;
    const standIn = new Proxy(Object.create(operations) as WebPubSubServiceClient, {
      get(target, property, receiver) {
        const isOperation = property !== 'constructor' && Object.hasOwn(operations, property);
        if (isOperation && !Object.hasOwn(target, 'hubName')) throw new Error(SERVICE_UNKNOWN);
        return Reflect.get(target, property, receiver) as unknown;
      },
    });
    this.standIns.set(hub, standIn);
    return standIn;
  }
}
