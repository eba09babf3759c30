import { randomUUID } from 'node:crypto';
import type { MqttDisconnectProperties } from '../../protocol/cloud-event.js';
import type { DataMessage } from '../../protocol/service-message.js';
import type { ClientConnection, ConnectionOutlet } from '../core/client-connection.js';
import type { ScheduledCall } from '../core/clock.js';
import type { EmulatorContext } from '../emulator-context.js';
import { DEFAULT_SUBSCRIPTION, type Deliveries, type Subscription } from './delivery.js';
import type { MqttSocket } from './mqtt-socket.js';
import { OutboundMessages } from './outbound-messages.js';
import { publishToGroup, toEventAnswer, toUserEvent, type Publication } from './publication.js';
import { REASON_CODES } from './reason-codes.js';
import { SerialEvents } from './serial-events.js';
import { resolveTopic } from './topics.js';
import type { Will } from './will.js';

/** What a CONNECT asks for, within the service's limits. */
export interface SessionTerms {
  /** How long the session outlives its socket; 0: not at all. */
  readonly retentionMs: number;
  /** How many messages of QoS 1 and 2 the client takes at a time. */
  readonly receiveMaximum: number;
  readonly will?: Will;
}

/**
 * An MQTT session, which is what the service calls a connection: it has subscriptions and messages in flight, and
 * outlives the sockets of its client [client-mqtt 2, 3.2].
 */
export class MqttSession implements ConnectionOutlet {
  readonly sessionId = randomUUID();
  /** Options of the topics the client subscribed to; of the other groups of the connection they are the defaults. */
  readonly subscriptions = new Map<string, Subscription>();
  /** Packet ids of QoS 2 messages that were received and not yet released. */
  readonly receivedIds = new Set<number>();
  readonly outbound: OutboundMessages;
  #socket?: MqttSocket;
  #retentionMs = 0;
  #will?: Will;
  #willCall?: ScheduledCall;
  #expiryCall?: ScheduledCall;
  #ending: MqttDisconnectProperties = { initiatedByClient: false };
  #endReason?: string;
  #hasWarned = false;
  #isEnded = false;
  readonly #events = new SerialEvents();
  readonly #eventsGivenUp = new AbortController();

  constructor(
    readonly connection: ClientConnection,
    private readonly context: EmulatorContext,
    private readonly deliveries: Deliveries,
    private readonly onEnded: (session: MqttSession) => void,
  ) {
    this.outbound = new OutboundMessages(context.clock, () => this.#warnOfOverflow());
  }

  get retentionMs(): number {
    return this.#retentionMs;
  }

  /** The socket may be the client's first, or one with which it takes up its session again. */
  attach(socket: MqttSocket, terms: SessionTerms): void {
    const previous = this.#socket;
    previous?.handleReceived();
    if (previous) this.lose(previous);
    this.#cancelCalls();
    this.#socket = socket;
    this.#retentionMs = terms.retentionMs;
    this.#will = terms.will;
    this.connection.mqtt = { physicalConnectionId: socket.physicalConnectionId, sessionId: this.sessionId };
    previous?.disconnect(REASON_CODES.sessionTakenOver, 'Another client took over the session.');
    this.outbound.attach(socket, terms.receiveMaximum);
  }

  deliver(message: DataMessage): void {
    const subscription =
      message.kind === 'groupData'
        ? (this.subscriptions.get(message.group) ?? DEFAULT_SUBSCRIPTION)
        : DEFAULT_SUBSCRIPTION;
    const outbound = this.deliveries.of(message, subscription, this.connection.connectionId);
    if (outbound) this.outbound.send(outbound);
  }

  /** Of REST; the reason reaches clients of 5.0. */
  close(reason: string): void {
    this.end(reason, REASON_CODES.administrativeAction);
  }

  hasSocket(): boolean {
    return this.#socket !== undefined;
  }

  isRecoverable(): boolean {
    return this.#retentionMs > 0;
  }

  /** Who comes into the group again without subscribing gets the defaults. */
  onGroupLeft(group: string): void {
    this.subscriptions.delete(group);
  }

  dropSocket(): boolean {
    this.#socket?.terminate();
    return this.#socket !== undefined;
  }

  holdSocket(onGone: () => void): (() => void) | undefined {
    return this.#socket?.hold(onGone);
  }

  /** Raises a user event after those before it, and sends what upstream answered. Resolves when that is done. */
  raiseEvent(name: string, publication: Publication): Promise<void> {
    return this.#events.raise(() => this.#raise(name, publication, this.#eventsGivenUp.signal));
  }

  /** Resolves when the user events that were raised have been answered. */
  idle(): Promise<void> {
    return this.#events.settled();
  }

  /** A DISCONNECT of the client may shorten, or prolong, what it asked for at first. */
  setRetention(retentionMs: number): void {
    this.#retentionMs = retentionMs;
  }

  discardWill(): void {
    this.#will = undefined;
  }

  /** The socket is over; the session stays for its client as long as it may. */
  lose(socket: MqttSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#ending = socket.ending;
    this.outbound.detach();
    if (this.#retentionMs === 0) {
      this.#finish(this.#endReason ?? (socket.ending.initiatedByClient ? '' : 'The network connection was lost.'));
      return;
    }
    const willDelayMs = Math.min(this.#will?.delayMs ?? 0, this.#retentionMs);
    if (willDelayMs === 0) this.#publishWill();
    else this.#willCall = this.context.clock.schedule(willDelayMs, () => this.#publishWill());
    this.#record('disconnected', `The network connection ended; the session stays for ${this.#retentionMs / 1000} s.`);
    this.#expiryCall = this.context.clock.schedule(this.#retentionMs, () => this.#finish('The session expired.'));
  }

  /** Ends the session, whether or not its client is there; its user events are given up. */
  end(reason: string, reasonCode: number): void {
    this.#eventsGivenUp.abort(new Error('The session has ended.'));
    this.#retentionMs = 0;
    this.#endReason = reason;
    if (this.#socket) this.#socket.disconnect(reasonCode, reason);
    // A socket that was over already does not say so again.
    if (this.#socket) this.lose(this.#socket);
    this.#finish(reason);
  }

  #finish(reason: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    // [assumed] what a client published before it went is for upstream all the same, and comes before `disconnected`
    this.#events.hurry();
    this.#publishWill();
    this.#cancelCalls();
    this.#record('disconnected', reason);
    this.onEnded(this);
    this.connection.end(reason, this.#ending);
  }

  /** [client-mqtt 3] as if the client published it now, under its permissions; a will that it may not send is lost. */
  #publishWill(): void {
    const will = this.#will;
    this.#will = undefined;
    if (!will) return;
    const target = resolveTopic(will.topic);
    if (target.kind === 'event') void this.#raise(target.event, will);
    else if (target.kind === 'group' && this.connection.permissions.maySendTo(target.group)) {
      publishToGroup(this.connection, will);
    }
  }

  async #raise(name: string, publication: Publication, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    const { connection } = this;
    const outcome = await connection.hub.events.userEvent(connection, toUserEvent(name, publication), signal);
    if (this.#isEnded) return;
    const answer = toEventAnswer(name, publication, outcome);
    this.#record('sent', `PUBLISH ${answer.topic} QoS ${answer.qos}`, answer.payload);
    this.outbound.send(answer);
  }

  #cancelCalls(): void {
    this.#willCall?.cancel();
    this.#expiryCall?.cancel();
  }

  #record(action: 'disconnected' | 'sent', summary: string, frame?: Buffer): void {
    const { hub, connectionId, userId } = this.connection;
    this.context.traffic.record({ door: 'client', hub: hub.name, action, connectionId, userId, summary, frame });
  }

  #warnOfOverflow(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.context.logger.warn(
      `Messages to the MQTT client ${this.connection.connectionId} of hub ${this.connection.hub.name} are lost: ` +
        'it has 16 MiB unacknowledged.',
    );
  }
}
