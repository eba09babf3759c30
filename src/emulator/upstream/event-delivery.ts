import type { HubEvent } from '../../protocol/cloud-event.js';
import { encodeEventRequest } from '../../protocol/event-request.encoder.js';
import { isSuccess } from '../../protocol/event-reply.decoder.js';
import type { UpstreamRequest, UpstreamResponse, UpstreamTransport } from '../core/upstream-transport.js';
import type { EmulatorContext } from '../emulator-context.js';
import type { ConnectionChannel } from './connection-channel.js';
import type { EventHandler } from './event-handler.js';
import type { CallResult, UpstreamCaller } from './upstream-caller.js';
import { describeNoTransport, describeNotValidated } from './upstream-failures.js';
import type { ValidationTarget, WebhookValidator } from './webhook.validator.js';

/** [upstream-events 8.1] with every attempt, the delays between them, and the answer's body [assumed]. */
const EVENT_TIMEOUT_MS = 100_000;

/** Signs access tokens for a resource as the service's managed identity; a plain value when one is at hand. */
export interface BearerTokenSource {
  token(resource: string): string | Promise<string>;
}

/** What a delivery is made with. */
export interface DeliveryParts {
  readonly transports: readonly UpstreamTransport[];
  readonly identity?: BearerTokenSource;
  readonly validator: WebhookValidator;
  readonly caller: UpstreamCaller;
}

export interface DeliveryOptions {
  readonly signal?: AbortSignal;
  readonly findProblem?: (response: UpstreamResponse) => string | undefined;
}

/** Or, of an event that was not sent, why. */
type Clearance = { readonly transport: UpstreamTransport; readonly token?: string } | { readonly problem: string };

/** The way of an event to the event handler that takes it: validation, authorization, order, cookies, call. */
export class EventDelivery {
  /** By event handler, then by hub. */
  readonly #targets = new WeakMap<EventHandler, Map<string, ValidationTarget>>();

  constructor(
    private readonly context: EmulatorContext,
    private readonly parts: DeliveryParts,
  ) {}

  /** Never rejects: what nobody foresaw fails the event, in words. */
  async deliver(
    event: HubEvent,
    handler: EventHandler,
    channel: ConnectionChannel,
    options: DeliveryOptions = {},
  ): Promise<CallResult> {
    try {
      const waiting = channel.inTurn(this.#clear(handler, event.context.hub));
      return await this.#send(event, handler, channel, waiting instanceof Promise ? await waiting : waiting, options);
    } catch (error) {
      const reason = `The emulator failed on the event: ${error instanceof Error ? error.message : String(error)}`;
      return { kind: 'unanswered', cause: 'unreachable', reason };
    }
  }

  async #send(
    event: HubEvent,
    handler: EventHandler,
    channel: ConnectionChannel,
    clearance: Clearance,
    options: DeliveryOptions,
  ): Promise<CallResult> {
    const { hub, eventName, connectionId, userId } = event.context;
    const url = handler.problem === undefined ? handler.eventUrl(hub, eventName) : handler.settings.urlTemplate;
    const request = this.#encode(event, url, channel, 'token' in clearance ? clearance.token : undefined);
    const order = {
      purpose: 'event' as const,
      hub,
      eventName,
      connectionId,
      ...(userId !== undefined && { userId }),
      request,
      ...options,
    };
    if ('problem' in clearance) {
      this.parts.caller.recordUnsent(order, clearance.problem);
      return { kind: 'unanswered', cause: 'unreachable', reason: clearance.problem };
    }
    const { transport } = clearance;
    const result = await this.parts.caller.call({ ...order, transport, timeoutMs: EVENT_TIMEOUT_MS });
    if (result.kind === 'answered' && isSuccess(result.response.status))
      this.#keepCookies(url, result.response, channel);
    return result;
  }

  /** What there is to validate for a handler; undefined when nothing can be sent to it. */
  validationTarget(handler: EventHandler, hub: string): ValidationTarget | undefined {
    let targets = this.#targets.get(handler);
    if (!targets) this.#targets.set(handler, (targets = new Map()));
    let target = targets.get(hub);
    if (!target) {
      target = this.#findTarget(handler, hub);
      if (target) targets.set(hub, target);
    }
    return target;
  }

  #findTarget(handler: EventHandler, hub: string): ValidationTarget | undefined {
    if (handler.problem !== undefined) return undefined;
    const url = handler.validationUrl(hub);
    const location = new URL(url);
    const transport = this.parts.transports.find((candidate) => candidate.carries(location));
    return transport && { hub, url, transport };
  }

  #clear(handler: EventHandler, hub: string): Clearance | Promise<Clearance> {
    if (handler.problem !== undefined) {
      return { problem: `The urlTemplate ${handler.settings.urlTemplate} cannot be used: ${handler.problem}` };
    }
    const target = this.validationTarget(handler, hub);
    if (!target) return { problem: describeNoTransport(handler.validationUrl(hub)) };
    const verdict = this.parts.validator.check(target);
    if (verdict instanceof Promise || handler.tokenResource !== undefined) {
      return this.#clearLater(target, verdict, handler.tokenResource);
    }
    return verdict.isAllowed ? target : { problem: describeNotValidated(target.url, verdict.problem) };
  }

  async #clearLater(
    target: ValidationTarget,
    pending: ReturnType<WebhookValidator['check']>,
    resource: string | undefined,
  ): Promise<Clearance> {
    const verdict = await pending;
    if (!verdict.isAllowed) return { problem: describeNotValidated(target.url, verdict.problem) };
    if (resource === undefined) return target;
    if (!this.parts.identity) return { problem: 'This emulator has no managed identity to sign a bearer token with' };
    try {
      return { transport: target.transport, token: await this.parts.identity.token(resource) };
    } catch (error) {
      return { problem: `No bearer token could be signed: ${(error as Error).message}` };
    }
  }

  #encode(event: HubEvent, url: string, channel: ConnectionChannel, token: string | undefined): UpstreamRequest {
    const { method, headers, body } = encodeEventRequest(event, channel.signature);
    const cookie = channel.cookies.headerFor(url);
    if (cookie !== undefined) headers['Cookie'] = cookie;
    if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
    headers['x-ms-client-request-id'] = crypto.randomUUID();
    return { method, url, headers, body };
  }

  /** [upstream-events 4.3] */
  #keepCookies(url: string, { headers }: UpstreamResponse, channel: ConnectionChannel): void {
    const lines = headers['set-cookie'];
    if (!lines) return;
    for (const problem of channel.cookies.store(url, lines)) {
      this.context.logger.warn(`A cookie of upstream is ignored: ${problem}`);
    }
  }
}
