import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import { setImmediate } from 'node:timers';
import { readDataType, readEventType, type EventType } from '../../protocol/event-request-headers.js';
import type { MessageDataType } from '../../protocol/message-data.js';
import type { HubHandlers, HubRegistry } from '../hubs/hub.registry.js';
import type { EntraValidator } from '../security/entra-validator.js';
import type { UpstreamSecurity } from '../security/upstream-security.js';
import { DESCRIBE_HUBS_TYPE } from '../web-pubsub.constants.js';
import type { EventExchange } from './event-exchange.js';
import type { EventLog } from './event.log.js';
import { OriginVerdicts, type OriginVerdict } from './origin-verdicts.js';
import { INTERNAL_ERROR } from './refusal.factory.js';
import {
  mayBodyRest,
  orHostBody,
  readRequestBody,
  SlowBodies,
  takeArrivedBody,
  takeHostBody,
  type BodyOutcome,
} from './request-body.js';

export interface EventAdmissionOptions {
  readonly maxBodyBytes: number;
  readonly security: UpstreamSecurity;
  readonly registry: HubRegistry;
  readonly log: EventLog;
}

/** A request that gets no further. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly status: number;
  /** One line, fit for an answer. */
  readonly reason: string;
  readonly allow?: string;
}

/** A request whose headers passed every check. */
interface AdmittedEvent {
  readonly kind: 'admitted';
  readonly type: EventType;
  readonly dataType: MessageDataType;
  readonly origins: readonly string[];
  readonly handlers: HubHandlers;
}

/**
 * What is to be answered, before the handler: a refusal, or an event whose body is there. `description`: somebody who may
 * know asks what is served.
 */
export type PreparedEvent = Refusal | ReceivedEvent | { readonly kind: 'aborted' } | HubsQuestion;

/** An event that is there in full, not yet decoded. */
export interface ReceivedEvent extends AdmittedEvent {
  readonly body: Buffer;
}

interface HubsQuestion {
  readonly kind: 'description';
}

export type WhenPrepared = (exchange: EventExchange, prepared: PreparedEvent) => void;

/** Who sent a request is proved. */
interface Sender {
  readonly kind: 'sender';
  readonly type: EventType;
  readonly origins: readonly string[];
}

const ALLOWED_METHODS = 'POST, OPTIONS, GET';
/**
 * When what has arrived at all sockets has been read: events are then handled one after the other, for which processors are
 * made. Kept here as the next, since tests of applications put fake timers in the place of the real ones.
 */
const afterReading = setImmediate;
/** When a stream that has been read to its end has said so. */
const afterEnd = process.nextTick.bind(process);
/** How long the body of an event may take. */
const BODY_PATIENCE_MS = 30_000;

/** Which requests become events: the checks of the headers, in the order of what a stranger may learn, and the body. */
export class EventAdmission {
  readonly #options: EventAdmissionOptions;
  readonly #origins: OriginVerdicts;
  readonly #slowBodies = new SlowBodies(BODY_PATIENCE_MS);
  #isClosed = false;

  constructor(options: EventAdmissionOptions) {
    this.#options = options;
    this.#origins = new OriginVerdicts(options.security.origins);
  }

  /**
   * Checks the headers, then reads the body: `done` is called once, at the latest when the sender gives up. Nothing is
   * written.
   */
  prepare(exchange: EventExchange, done: WhenPrepared): void {
    const sender = this.#checkSender(exchange.request);
    if (sender.kind === 'refusal') {
      done(exchange, sender);
      return;
    }
    const { entra } = this.#options.security;
    if (entra) void this.#checkBearer(entra, exchange, sender, done);
    else this.#admit(exchange, sender, done);
  }

  /** Refuses events from now on, with 503. */
  close(): void {
    this.#isClosed = true;
  }

  /** Gives up the bodies that are still being read. */
  dispose(): void {
    this.#slowBodies.close();
  }

  /** Method, event or not, origin, signature. */
  #checkSender(request: IncomingMessage): Refusal | Sender {
    const { headers } = request;
    if (request.method !== 'POST') {
      return { ...refuse(405, 'Events come by POST, validation by OPTIONS or GET.'), allow: ALLOWED_METHODS };
    }
    const type = readEventType(headers);
    if (!type)
      return refuse(400, 'The request is not an event of Web PubSub: ce-awpsversion or ce-type is missing or foreign.');
    if (this.#isClosed) return refuse(503, 'The application is shutting down.');
    const { signature } = this.#options.security;
    const origin = this.#origins.of(headers);
    if (!origin.isAllowed) return this.#refuseOrigin(origin);
    const connectionId = headers['ce-connectionid'] as string | undefined;
    if (!connectionId) return refuse(400, 'The request has no ce-connectionId header.');
    const signatureHeader = headers['ce-signature'];
    if (signature && !signature.verify(connectionId, signatureHeader)) {
      this.#options.log.signatureRefused(connectionId, signatureHeader === undefined);
      return refuse(
        401,
        signatureHeader === undefined ? 'The request has no ce-signature header.' : 'The signature is wrong.',
      );
    }
    return { kind: 'sender', type, origins: origin.origins };
  }

  #refuseOrigin({ origins }: OriginVerdict): Refusal {
    this.#options.log.originRefused(origins);
    return refuse(
      403,
      origins.length === 0
        ? 'The request has no WebHook-Request-Origin header.'
        : 'Events of this origin are not accepted.',
    );
  }

  async #checkBearer(
    entra: EntraValidator,
    exchange: EventExchange,
    sender: Sender,
    done: WhenPrepared,
  ): Promise<void> {
    const verdict = await entra.validate(exchange.request.headers.authorization);
    if (verdict.kind === 'accepted') {
      this.#admit(exchange, sender, done);
      return;
    }
    const detail = verdict.kind === 'unavailable' ? ` (${verdict.detail})` : '';
    this.#options.log.bearerRefused(verdict.reason + detail);
    done(exchange, refuse(verdict.kind === 'refused' ? 401 : 503, verdict.reason));
  }

  #admit(exchange: EventExchange, sender: Sender, done: WhenPrepared): void {
    const admitted = this.#checkEvent(exchange.request, sender);
    if (admitted.kind === 'admitted') this.#readBody(exchange, admitted, done);
    else done(exchange, admitted);
  }

  /** Hub, content type, size. */
  #checkEvent({ headers }: IncomingMessage, sender: Sender): AdmittedEvent | HubsQuestion | Refusal {
    const { registry, log, maxBodyBytes } = this.#options;
    const { type, origins } = sender;
    if (type.kind === 'unknown' && this.#isDescriptionAsked(headers)) return { kind: 'description' };
    const hub = headers['ce-hub'] as string | undefined;
    if (!hub) return refuse(400, 'The request has no ce-hub header.');
    const handlers = registry.find(hub);
    if (!handlers) {
      log.hubUnknown(
        hub,
        registry.hubs.map((known) => known.hub),
      );
      return refuse(404, 'The hub is unknown here.');
    }
    const dataType = readDataType(type.kind, headers);
    if (!dataType) return refuse(415, 'The content type is none of those that events have.');
    if ((headers['content-encoding'] ?? 'identity') !== 'identity' || isTransferCompressed(headers)) {
      return refuse(415, 'The body of an event must not be compressed.');
    }
    if (Number(headers['content-length'] ?? 0) > maxBodyBytes) return refuseTooLarge(maxBodyBytes);
    return { kind: 'admitted', type, origins, dataType, handlers };
  }

  #readBody(exchange: EventExchange, admitted: AdmittedEvent, done: WhenPrepared): void {
    const { request, host } = exchange;
    const hostBody = host && takeHostBody(request, host);
    if (hostBody) {
      done(exchange, this.#withBody(admitted, hostBody));
    } else if (mayBodyRest(request)) {
      afterReading(() => this.#takeBody(exchange, admitted, done));
    } else {
      this.#awaitBody(exchange, admitted, done);
    }
  }

  #takeBody(exchange: EventExchange, admitted: AdmittedEvent, done: WhenPrepared): void {
    const { request, goesOn } = exchange;
    const body = goesOn && !request.complete ? undefined : takeArrivedBody(request);
    if (!body) this.#awaitBody(exchange, admitted, done);
    else if (goesOn) afterEnd(() => done(exchange, withBody(admitted, body)));
    else done(exchange, withBody(admitted, body));
  }

  /** Streams tell of themselves in the context of their connection; what follows belongs to that of the request. */
  #awaitBody(exchange: EventExchange, admitted: AdmittedEvent, done: WhenPrepared): void {
    const context = new AsyncResource('WebPubSubEventBody');
    const { request, host } = exchange;
    readRequestBody(request, this.#options.maxBodyBytes, this.#slowBodies, (outcome) =>
      context.runInAsyncScope(done, undefined, exchange, this.#withBody(admitted, orHostBody(outcome, request, host))),
    );
  }

  /** Only where somebody has proved to be trusted: with neither signature nor bearer required, nobody has. */
  #isDescriptionAsked(headers: IncomingMessage['headers']): boolean {
    const { signature, entra } = this.#options.security;
    return (signature !== undefined || entra !== undefined) && headers['ce-type'] === DESCRIBE_HUBS_TYPE;
  }

  #withBody(admitted: AdmittedEvent, outcome: BodyOutcome): PreparedEvent {
    const { maxBodyBytes, log } = this.#options;
    switch (outcome.kind) {
      case 'read':
        if (outcome.body.length > maxBodyBytes) return refuseTooLarge(maxBodyBytes);
        return withBody(admitted, outcome.body);
      case 'tooLarge':
        return refuseTooLarge(maxBodyBytes);
      case 'tooSlow':
        return refuse(408, 'The body did not arrive in time.');
      case 'lost':
        log.bodyLost();
        return refuse(500, INTERNAL_ERROR);
      case 'aborted':
        return { kind: 'aborted' };
    }
  }
}

/** Node takes `chunked` away, and leaves what was done before it; encodings that do not end so it refuses itself. */
function isTransferCompressed({ 'transfer-encoding': coding }: IncomingMessage['headers']): boolean {
  if (coding === undefined) return false;
  const codings = coding.toLowerCase().split(',');
  return codings.length > 1 && codings.at(-1)!.trim() === 'chunked';
}

/** By hand, since spreading an object costs more than the rest of the check. */
function withBody({ type, dataType, origins, handlers }: AdmittedEvent, body: Buffer): ReceivedEvent {
  return { kind: 'admitted', type, dataType, origins, handlers, body };
}

export function refuse(status: number, reason: string): Refusal {
  return { kind: 'refusal', status, reason };
}

function refuseTooLarge(maxBodyBytes: number): Refusal {
  return refuse(413, `The body is larger than ${maxBodyBytes} bytes.`);
}
