import type { GenerateClientTokenOptions, WebPubSubServiceClient } from '@azure/web-pubsub';
import { Inject, Injectable } from '@nestjs/common';
import { badExpiration } from './service-client.messages.js';
import { readHubName } from './service-client-hubs.js';
import { ServiceClientFactory } from './service-client.factory.js';

/**
 * Who a client will be, and what it may do.
 *
 * @publicApi
 */
export interface ClientAccessOptions extends Pick<GenerateClientTokenOptions, 'abortSignal'> {
  /** Absent or empty: an anonymous client, unless the `connect` handler names it. */
  userId?: string | undefined;
  /** Such as `webpubsub.sendToGroup.news` [auth 6]. Default: none. */
  roles?: string[] | undefined;
  /** Groups that the client is in from the start. Default: none. */
  groups?: string[] | undefined;
  /** How long the client may connect with the URL; a connection outlives it. Minutes, default 60. */
  expirationTimeInMinutes?: number | undefined;
  /** `default` is WebSocket with or without a subprotocol of the service. Default `default`. */
  clientProtocol?: 'default' | 'mqtt' | undefined;
}

/**
 * What a negotiate route answers.
 *
 * @publicApi
 */
export interface ClientAccess {
  /** For `new WebSocket(url)`: the base URL with the token. */
  url: string;
  /** Without the token; MQTT clients connect to it and send the token apart. */
  baseUrl: string;
  /** Signed access token: a secret of the client. */
  token: string;
}

/**
 * Service clients of hubs whose names are known late, and access URLs for clients.
 *
 * @publicApi
 */
@Injectable()
export class ServiceClients {
  readonly #clients = new Map<string, WebPubSubServiceClient>();
  // Private at run time too: what holds it may be logged, and it knows the access key.
  readonly #factory: ServiceClientFactory;

  constructor(@Inject(ServiceClientFactory) factory: ServiceClientFactory) {
    this.#factory = factory;
  }

  /**
   * The client of a hub: the same at each call, whatever the case of the name. Throws a TypeError when the name is no hub
   * name, an Error when the module's options name no service.
   */
  for(hub: string): WebPubSubServiceClient {
    const name = readHubName(hub);
    const client = this.#clients.get(name) ?? this.#factory.create(hub);
    this.#clients.set(name, client);
    return client;
  }

  /**
   * Negotiates: makes the URL with which one client connects to a hub [auth 3]. With a key it is signed here, with a
   * `TokenCredential` the service is asked, and its errors (`RestError`) are passed on.
   */
  async clientAccess(hub: string, options: ClientAccessOptions = {}): Promise<ClientAccess> {
    const minutes = options.expirationTimeInMinutes;
    if (minutes !== undefined && !(Number.isFinite(minutes) && minutes > 0))
      throw new RangeError(badExpiration(minutes));
    const { url, baseUrl, token } = await this.for(hub).getClientAccessToken({ ...options });
    return { url, baseUrl, token };
  }
}
