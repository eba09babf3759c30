import { CookieJar } from 'tough-cookie';
import type {
  ConnectEvent,
  EventContext,
  HubEvent,
  MqttConnectProperties,
  MqttDisconnectProperties,
  MqttUserProperty,
} from '../protocol/cloud-event.js';
import { decodeStateHeader, type ConnectionStateForm } from '../protocol/connection-states.codec.js';
import { decodeConnectReply, type EventResponse } from '../protocol/event-reply.decoder.js';
import { EVENT_CONTENT_TYPES, EVENT_HEADERS } from '../protocol/event-headers.js';
import { encodeEventRequest } from '../protocol/event-request.encoder.js';
import type { MessageDataType } from '../protocol/message-data.js';
import { signConnectionId } from '../protocol/signature.js';
import { readReply, toMessageData, type SimulatedReply } from './simulated-reply.js';
import { sendUpstreamRequest, type UpstreamHttpRequest } from './upstream-request.js';

/**
 * Who connects, as the service would tell upstream [upstream-events 6.1].
 *
 * @publicApi
 */
export interface SimulatedClient {
  /** The `sub` of the access token. Default: anonymous. */
  userId?: string | undefined;
  /** Other claims of the access token; single values are wrapped. Default: `sub` alone. */
  claims?: Record<string, string | string[]> | undefined;
  /** The client's query parameters. Default: none. */
  query?: Record<string, string | string[]> | undefined;
  /** The client's own request headers. Default: none. */
  headers?: Record<string, string | string[]> | undefined;
  /** Offered subprotocols. Default: none. */
  subprotocols?: string[] | undefined;
  clientCertificates?: { thumbprint: string; content?: string }[] | undefined;
  /** Groups of the access token, which the connection is in unless upstream names others. Default: none. */
  groups?: string[] | undefined;
  /** Roles of the access token, which the connection has unless upstream names others. Default: none. */
  roles?: string[] | undefined;
  /** Makes it an MQTT client. */
  mqtt?: MqttConnectProperties | undefined;
  /** Default: a fresh one. Of an MQTT client: its client id. */
  connectionId?: string | undefined;
}

/** How the simulator reaches upstream, and as which service. */
export interface SimulatedService {
  readonly hub: string;
  readonly url: () => Promise<URL>;
  readonly origin: string;
  /** Asked for each event, since keys rotate; none: events are not signed. */
  readonly accessKeys: () => readonly string[];
  /** Value of the header; absent: events carry none. */
  readonly authorization?: string;
  readonly stateForm: ConnectionStateForm;
}

/**
 * What an event has beside its data.
 *
 * @publicApi
 */
export interface SimulatedEventOptions {
  /** Default: `text` for a string, `binary` for bytes, `json` for anything else. */
  dataType?: MessageDataType | undefined;
  metadata?: Record<string, string> | undefined;
  /** Of an MQTT client: the user properties of its message. */
  userProperties?: MqttUserProperty[] | undefined;
  /** Of an MQTT client: the content type of its message. Default: that of the data type. */
  contentType?: string | undefined;
}

/**
 * One client connection as upstream knows it: identity, connection state and cookies are carried from event to event as
 * the service does. Each method sends one event and resolves with what upstream answered.
 *
 * @publicApi
 */
export class SimulatedConnection {
  readonly connectionId: string;
  /** What upstream answered to `connect`. */
  status = 0;
  /** Why `connect` was refused, as upstream worded it. */
  reason?: string;
  /** CONNACK code and properties with which an MQTT client is refused. */
  mqttRefusal?: {
    readonly code: number;
    readonly reason?: string;
    readonly userProperties?: readonly MqttUserProperty[];
  };
  /** User properties of the CONNACK of an accepted MQTT client. */
  mqttUserProperties: readonly MqttUserProperty[] = [];
  /** As the token says, until upstream names another; undefined: anonymous. */
  userId: string | undefined;
  /** Those that the connection was in after `connect`. */
  groups: readonly string[];
  /** Those that the connection has since `connect`. */
  roles: readonly string[];
  /** What was agreed on: upstream's choice, else the first of the service's own that the client offers. */
  subprotocol: string | undefined;
  readonly #service: SimulatedService;
  readonly #client: SimulatedClient;
  readonly #cookies = new CookieJar(undefined, { rejectPublicSuffixes: false });
  readonly #physicalConnectionId: string;
  #state: string | undefined;
  #nextEventId = 0;
  #last: { event: HubEvent; request: UpstreamHttpRequest } | undefined;

  /** Made by `UpstreamSimulator.connect`. */
  constructor(service: SimulatedService, client: SimulatedClient, connectionId: string) {
    this.#service = service;
    this.#client = client;
    this.connectionId = connectionId;
    this.userId = client.userId;
    this.groups = client.groups ?? [];
    this.roles = client.roles ?? [];
    this.#physicalConnectionId = `physical-${connectionId}`;
  }

  /** The connection states that the service keeps, decoded. */
  get states(): Record<string, unknown> {
    return Object.fromEntries(decodeStateHeader(this.#state, this.#service.stateForm));
  }

  /** Whether upstream accepted the connection. */
  get isAccepted(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** The `connect` event; `UpstreamSimulator.connect` sends it. */
  async connect(): Promise<void> {
    const client = this.#client;
    const event: ConnectEvent = {
      kind: 'connect',
      context: this.#context('connect'),
      claims: listValues({ ...(client.userId !== undefined && { sub: client.userId }), ...client.claims }),
      query: listValues(client.query ?? {}),
      headers: listValues(client.headers ?? {}),
      subprotocols: client.subprotocols ?? (client.mqtt ? ['mqtt'] : []),
      clientCertificates: client.clientCertificates ?? [],
      ...(client.mqtt && { mqtt: client.mqtt }),
    };
    const response = await this.#send(event);
    this.status = response.status;
    const reply = decodeConnectReply(response);
    if (reply.kind === 'malformed') throw new Error(`The service cannot read the answer to connect: ${reply.problem}.`);
    if (reply.kind === 'refusal') {
      this.reason = reply.reason;
      if (reply.mqtt) this.mqttRefusal = reply.mqtt;
      return;
    }
    this.userId = reply.userId ?? this.userId;
    this.groups = reply.groups ?? this.groups;
    this.roles = reply.roles ?? this.roles;
    this.subprotocol = reply.subprotocol ?? (client.mqtt ? 'mqtt' : client.subprotocols?.find(isPredefined));
    this.mqttUserProperties = reply.mqtt?.userProperties ?? [];
  }

  /** The `connected` event. */
  connected(): Promise<SimulatedReply> {
    this.#assertAccepted();
    return this.#raise({ kind: 'connected', context: this.#context('connected') });
  }

  /** The user event `message`, as a client without a subprotocol raises it with each frame. */
  send<T = unknown>(data: unknown, options?: SimulatedEventOptions): Promise<SimulatedReply<T>> {
    return this.event<T>('message', data, options);
  }

  /** A user event; without data, an empty text. */
  event<T = unknown>(
    name: string,
    data: unknown = '',
    options: SimulatedEventOptions = {},
  ): Promise<SimulatedReply<T>> {
    this.#assertAccepted();
    const { dataType, metadata = {}, userProperties = [], contentType } = options;
    const message = toMessageData(data, dataType);
    return this.#raise<T>({
      kind: 'user',
      context: this.#context(name),
      data: message,
      metadata,
      ...(this.#client.mqtt && {
        mqtt: { contentType: contentType ?? EVENT_CONTENT_TYPES[message.kind], userProperties },
      }),
    });
  }

  /** The group presence event of joining. */
  joined(group: string): Promise<SimulatedReply> {
    this.#assertAccepted();
    return this.#raise({ kind: 'joined', context: this.#context('joined'), group });
  }

  /** The group presence event of leaving. */
  left(group: string): Promise<SimulatedReply> {
    this.#assertAccepted();
    return this.#raise({ kind: 'left', context: this.#context('left'), group });
  }

  /** The `disconnected` event. */
  disconnect(reason?: string, mqtt?: MqttDisconnectProperties): Promise<SimulatedReply> {
    this.#assertAccepted();
    return this.#raise({
      kind: 'disconnected',
      context: this.#context('disconnected'),
      ...(reason !== undefined && { reason }),
      ...(this.#client.mqtt && { mqtt: mqtt ?? { initiatedByClient: true } }),
    });
  }

  /** Sends the last event again, as the service does when it heard no answer: the same id, headers and body. */
  async repeat<T = unknown>(): Promise<SimulatedReply<T>> {
    if (!this.#last) throw new Error('There is no event to repeat.');
    const { event, request } = this.#last;
    return readReply<T>(event, await this.#post(event, request), this.states);
  }

  async #raise<T>(event: HubEvent): Promise<SimulatedReply<T>> {
    return readReply<T>(event, await this.#send(event), this.states);
  }

  async #send(event: HubEvent): Promise<EventResponse> {
    const accessKeys = this.#service.accessKeys();
    const signature = accessKeys.length > 0 ? signConnectionId(this.connectionId, accessKeys) : undefined;
    const { method, headers, body } = encodeEventRequest(event, signature);
    const cookies = this.#cookies.getCookieStringSync((await this.#service.url()).href);
    const { authorization } = this.#service;
    const proofs = {
      ...(authorization !== undefined && { Authorization: authorization }),
      ...(cookies && { Cookie: cookies }),
    };
    const request = { method, headers: { ...headers, ...proofs }, body };
    this.#last = { event, request };
    return this.#post(event, request);
  }

  async #post(event: HubEvent, request: UpstreamHttpRequest): Promise<EventResponse> {
    const url = await this.#service.url();
    const response = await sendUpstreamRequest(url, request);
    if (response.status >= 200 && response.status < 300) {
      for (const cookie of response.headers['set-cookie'] ?? []) {
        this.#cookies.setCookieSync(cookie, url.href, { ignoreError: true });
      }
      // [upstream-events 5] only blocking events may change the state
      const state = response.headers[EVENT_HEADERS.connectionState.toLowerCase()]?.at(-1);
      if (state !== undefined && (event.kind === 'connect' || event.kind === 'user')) this.#state = state;
    }
    return response;
  }

  #context(eventName: string): EventContext {
    const { hub, origin } = this.#service;
    const isMqtt = this.#client.mqtt !== undefined;
    const source = `/hubs/${hub}/client/${this.connectionId}${isMqtt ? `/${this.#physicalConnectionId}` : ''}`;
    const subprotocol = this.subprotocol ?? (isMqtt ? 'mqtt' : undefined);
    return {
      hub,
      connectionId: this.connectionId,
      eventName,
      eventId: String(this.#nextEventId++),
      source,
      time: new Date(),
      origins: [origin],
      ...(this.userId !== undefined && { userId: this.userId }),
      ...(subprotocol !== undefined && { subprotocol }),
      ...(this.#state !== undefined && { state: this.#state }),
      ...(isMqtt && {
        mqtt: {
          physicalConnectionId: this.#physicalConnectionId,
          ...(eventName !== 'connect' && { sessionId: `session-${this.connectionId}` }),
        },
      }),
    };
  }

  #assertAccepted(): void {
    if (this.isAccepted) return;
    throw new Error(
      `This client is not connected: upstream answered connect with ${this.status} ${this.reason ?? ''}`.trim(),
    );
  }
}

function isPredefined(subprotocol: string): boolean {
  return /^(json|protobuf)\.(reliable\.)?webpubsub\.azure\.v1$/i.test(subprotocol);
}

function listValues(values: Record<string, string | string[]>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? [value] : value]),
  );
}
