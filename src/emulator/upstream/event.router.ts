import { clearTimeout, setTimeout } from 'node:timers';
import type {
  ConnectReply,
  EmptyReply,
  EventContext,
  HubEvent,
  MqttDisconnectProperties,
  RefusalReply,
  UserEventReply,
} from '../../protocol/cloud-event.js';
import { decodeConnectReply, decodeUserEventReply, type MalformedReply } from '../../protocol/event-reply.decoder.js';
import { isEventName } from '../../protocol/names.js';
import { listAccessKeys } from '../access-keys.js';
import type { ClientConnection } from '../core/client-connection.js';
import type {
  ConnectDetails,
  ConnectOutcome,
  EventSink,
  RaisedUserEvent,
  UserEventOutcome,
} from '../core/event-sink.js';
import type { Hub } from '../core/hub.js';
import type { UpstreamInterceptor } from '../core/upstream-interceptor.js';
import type { UpstreamResponse, UpstreamTransport } from '../core/upstream-transport.js';
import type { EmulatorContext } from '../emulator-context.js';
import { ConnectionChannel } from './connection-channel.js';
import { EventDelivery, type BearerTokenSource } from './event-delivery.js';
import { eventHandlersOf, type EventHandler } from './event-handler.js';
import type { EventListeners, ListenedEvent } from './event-listeners.js';
import { toConnectOutcome, toUserEventOutcome, type Asked } from './event-outcomes.js';
import { UpstreamCaller, type CallResult } from './upstream-caller.js';
import { describeMalformed, describeNoEventHandler } from './upstream-failures.js';
import { WebhookValidator, type ValidationState, type ValidationTarget } from './webhook.validator.js';

/** How long `close` lets calls in flight end by themselves; real time, whatever the clock. */
const CLOSE_GRACE_MS = 2_000;

export interface EventRouterOptions {
  /** Asked in order which of them carries an event handler's URL. They are closed by whoever made them. */
  readonly transports: readonly UpstreamTransport[];
  /** Host of the service without scheme and port: the value of `WebHook-Request-Origin`. */
  readonly serviceHost: () => string;
  /** Sees every attempt before its transport does. Default: none. */
  readonly interceptor?: UpstreamInterceptor;
  /** Milliseconds. Default: those of the service. */
  readonly retryDelaysMs?: readonly number[];
  /** Default: no listeners. */
  readonly listeners?: EventListeners;
  /** Bearer tokens for event handlers with `auth: ManagedIdentity`. Default: their events fail, in words. */
  readonly identity?: BearerTokenSource;
}

/**
 * Takes the events of connections to the listeners and to the event handler of their hub's settings, and brings back what
 * upstream says [upstream-events 1, 6].
 */
export class EventRouter implements EventSink {
  readonly #context: EmulatorContext;
  readonly #options: EventRouterOptions;
  readonly #accessKeys: readonly string[];
  readonly #caller: UpstreamCaller;
  readonly #validator: WebhookValidator;
  readonly #delivery: EventDelivery;
  readonly #channels = new WeakMap<ClientConnection, ConnectionChannel>();
  readonly #inFlight = new Set<Promise<unknown>>();

  constructor(context: EmulatorContext, options: EventRouterOptions) {
    const { transports, identity, interceptor, serviceHost, retryDelaysMs } = options;
    this.#context = context;
    this.#options = options;
    this.#accessKeys = listAccessKeys(context.accessKeys);
    this.#caller = new UpstreamCaller(context, interceptor, retryDelaysMs);
    this.#validator = new WebhookValidator(context, this.#caller, serviceHost);
    this.#delivery = new EventDelivery(context, {
      transports,
      validator: this.#validator,
      caller: this.#caller,
      ...(identity && { identity }),
    });
  }

  async connect(connection: ClientConnection, details: ConnectDetails, signal?: AbortSignal): Promise<ConnectOutcome> {
    const eventId = connection.takeEventId();
    const handler = findHandler(connection.hub, 'connect', 'connect');
    if (!handler) return { kind: 'accepted' };

    const event: HubEvent = {
      kind: 'connect',
      context: this.#contextOf(connection, 'connect', 'connect', eventId),
      ...details,
    };
    const asked = await this.#ask(connection, event, handler, decodeConnectReply, signal);
    keepState(connection, asked);
    return toConnectOutcome(asked);
  }

  connected(connection: ClientConnection): void {
    this.#notify(connection, 'connected', (context) => ({ kind: 'connected', context }));
  }

  disconnected(connection: ClientConnection, reason: string, mqtt?: MqttDisconnectProperties): void {
    this.#notify(connection, 'disconnected', (context) => ({
      kind: 'disconnected',
      context,
      reason,
      ...(mqtt && { mqtt }),
    }));
  }

  groupJoined(connection: ClientConnection, group: string): void {
    this.#notify(connection, 'joined', (context) => ({ kind: 'joined', context, group }));
  }

  groupLeft(connection: ClientConnection, group: string): void {
    this.#notify(connection, 'left', (context) => ({ kind: 'left', context, group }));
  }

  async userEvent(
    connection: ClientConnection,
    raised: RaisedUserEvent,
    signal?: AbortSignal,
  ): Promise<UserEventOutcome> {
    const { name, data, metadata = {}, mqtt } = raised;
    if (!isEventName(name)) return { kind: 'failed', reason: `${JSON.stringify(name.slice(0, 130))} is no event name` };
    const eventId = connection.takeEventId();
    const { hub } = connection;
    const handler = findHandler(hub, 'user', name);
    const isHeard = this.#options.listeners?.want(hub.name, 'user', name) ?? false;
    if (!handler && !isHeard) {
      const reason = describeNoEventHandler(hub.name, name);
      this.#context.logger.warn(reason);
      return { kind: 'failed', reason };
    }

    const event: ListenedEvent = {
      kind: 'user',
      context: this.#contextOf(connection, 'user', name, eventId),
      data,
      metadata,
      ...(mqtt && { mqtt: { ...mqtt, userProperties: [...mqtt.userProperties] } }),
    };
    if (isHeard) this.#publish(event);
    if (!handler) return { kind: 'handled' };

    const isMqtt = mqtt !== undefined;
    const clientProtocol = isMqtt ? 'mqtt' : 'default';
    const decode = (response: UpstreamResponse) => decodeUserEventReply(response, { clientProtocol });
    const asked = await this.#ask(connection, event, handler, decode, signal);
    keepState(connection, asked);
    return toUserEventOutcome(asked, isMqtt);
  }

  /** What is known of the validation of each event handler URL of the hub, in the order of its settings. */
  validationStates(hub: Hub): ValidationState[] {
    return this.#validationTargets(hub).map(({ url }) => this.#validator.stateOf(url));
  }

  /** Validates every event handler URL of the hub now, whatever was known. */
  async revalidate(hub: Hub): Promise<ValidationState[]> {
    await Promise.all(this.#validationTargets(hub).map((target) => this.#validator.recheck(target)));
    return this.validationStates(hub);
  }

  /** As `revalidate`, and forgets what was known. */
  async restartValidation(hub: Hub): Promise<void> {
    await Promise.all(this.#validationTargets(hub).map((target) => this.#validator.restart(target)));
  }

  /** Resolves when no event and no validation is under way. */
  async idle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
    await this.#caller.settle();
  }

  /**
   * Ends the waits for another attempt and lets calls in flight end; those that take more than two seconds are given up.
   * Events raised later go nowhere.
   */
  async close(): Promise<void> {
    this.#caller.beginClosing();
    const timer = setTimeout(() => this.#caller.abort(), CLOSE_GRACE_MS);
    await this.idle();
    clearTimeout(timer);
    this.#caller.abort();
  }

  #notify(
    connection: ClientConnection,
    kind: 'connected' | 'disconnected' | 'joined' | 'left',
    create: (context: EventContext) => Exclude<HubEvent, { kind: 'connect' }>,
  ): void {
    const { hub } = connection;
    const handler = findHandler(hub, kind, kind);
    const isGroupEvent = kind === 'joined' || kind === 'left';
    const isHeard = !isGroupEvent && (this.#options.listeners?.want(hub.name, kind, kind) ?? false);
    // Group events are no part of the documented count: one that nobody takes leaves no gap in it [assumed].
    if (isGroupEvent && !handler) return;
    const eventId = connection.takeEventId();
    if (!handler && !isHeard) return;

    const event = create(this.#contextOf(connection, kind, kind, eventId));
    if (isHeard) this.#publish(event as ListenedEvent);
    if (handler) void this.#ask(connection, event, handler, () => ({ kind: 'empty' }));
  }

  /** Delivers the event and logs a failure, once. Never rejects. */
  async #ask<Reply extends ConnectReply | UserEventReply | EmptyReply>(
    connection: ClientConnection,
    event: HubEvent,
    handler: EventHandler,
    decode: (response: UpstreamResponse) => Reply | RefusalReply | MalformedReply,
    signal?: AbortSignal,
  ): Promise<Asked<Reply>> {
    let reply: Reply | undefined;
    const asking = this.#delivery.deliver(event, handler, this.#channelOf(connection), {
      ...(signal && { signal }),
      findProblem: (response) => {
        const decoded = decode(response);
        if (decoded.kind === 'malformed') {
          return describeMalformed(handler.eventUrl(connection.hub.name, event.context.eventName), decoded.problem);
        }
        reply = decoded as Reply;
        return undefined;
      },
    });
    this.#inFlight.add(asking);
    const result = await asking;
    this.#inFlight.delete(asking);
    if (result.kind === 'answered' && result.problem === undefined) {
      return { kind: 'replied', reply: reply!, response: result.response };
    }
    this.#logFailure(event, result);
    return result.kind === 'answered'
      ? { kind: 'failed', reason: result.problem!, response: result.response }
      : { kind: 'failed', reason: result.reason };
  }

  #logFailure({ context }: HubEvent, result: CallResult): void {
    const reason = result.kind === 'answered' ? result.problem : result.reason;
    const message = `Event "${context.eventName}" of connection ${context.connectionId} in hub "${context.hub}" failed: ${reason}`;
    const isExpected = result.kind === 'unanswered' && (result.cause === 'clientGone' || result.cause === 'closing');
    if (isExpected || this.#caller.isClosing) this.#context.logger.debug?.(message);
    else this.#context.logger.warn(message);
  }

  #contextOf(connection: ClientConnection, kind: HubEvent['kind'], eventName: string, eventId: number): EventContext {
    const { hub, connectionId, userId, subprotocol, state, mqtt } = connection;
    const isConnect = kind === 'connect';
    // [upstream-events 4] on `connect` no subprotocol is negotiated yet; MQTT is one from the beginning
    const named = mqtt ? 'mqtt' : isConnect ? undefined : subprotocol;
    return {
      hub: hub.name,
      connectionId,
      ...(userId !== undefined && { userId }),
      eventName,
      eventId: String(eventId),
      source: this.#channelOf(connection).source,
      time: new Date(this.#context.clock.now()),
      ...(named !== undefined && { subprotocol: named }),
      origins: [this.#options.serviceHost()],
      ...(state !== undefined && { state }),
      ...(mqtt && { mqtt: isConnect ? { physicalConnectionId: mqtt.physicalConnectionId } : { ...mqtt } }),
    };
  }

  #channelOf(connection: ClientConnection): ConnectionChannel {
    let channel = this.#channels.get(connection);
    if (!channel) {
      channel = new ConnectionChannel(connection, this.#accessKeys);
      this.#channels.set(connection, channel);
    }
    return channel;
  }

  #validationTargets(hub: Hub): ValidationTarget[] {
    const targets = eventHandlersOf(hub.settings).map((handler) => this.#delivery.validationTarget(handler, hub.name));
    const byUrl = new Map(targets.flatMap((target) => (target ? [[target.url, target]] : [])));
    return [...byUrl.values()];
  }

  #publish(event: ListenedEvent): void {
    this.#options.listeners?.publish(event, (error) => {
      const said = error instanceof Error ? error.message : String(error);
      this.#context.logger.error(`A listener for "${event.context.eventName}" failed: ${said}`);
    });
  }
}

function findHandler(hub: Hub, kind: HubEvent['kind'], eventName: string): EventHandler | undefined {
  return eventHandlersOf(hub.settings).find((handler) => handler.takes(kind, eventName));
}

/** [upstream-events 5] of a blocking event that was accepted: absent keeps the state, empty clears it. */
function keepState(connection: ClientConnection, asked: Asked<ConnectReply | UserEventReply>): void {
  if (asked.kind === 'replied' && asked.reply.state !== undefined) connection.state = asked.reply.state;
}
