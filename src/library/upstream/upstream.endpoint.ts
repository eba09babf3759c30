import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodeEventRequest, readDataType, readEventType, readOrigins } from '../../protocol/event-request.decoder.js';
import type { EventRequestParts, EventType } from '../../protocol/event-request.decoder.js';
import { encodeEventReply, type EncodedReply } from '../../protocol/event-reply.encoder.js';
import type { EventReply, HubEvent } from '../../protocol/cloud-event.js';
import { CONTENT_TYPES } from '../../protocol/event-headers.js';
import type { MessageDataType } from '../../protocol/message-data.js';
import { isValidationRequest } from '../../protocol/webhook-validation.js';
import type { HubDescription } from '../hubs/hub-description.interface.js';
import type { HubHandlers, HubRegistry } from '../hubs/hub.registry.js';
import type { RepeatedEvents } from '../idempotency/repeated-events.js';
import type { UpstreamSecurity } from '../security/upstream-security.js';
import { DESCRIBE_HUBS_TYPE } from '../web-pubsub.constants.js';
import type { EventDispatcher } from './event.dispatcher.js';
import type { EventLog } from './event.log.js';
import { InFlightEvents } from './in-flight-events.js';
import { OriginVerdicts, type OriginVerdict } from './origin-verdicts.js';
import { malformedReasonOf } from './refusal.factory.js';
import { writeReply } from './reply.writer.js';
import { readRequestBody, SlowBodies, takeHostBody, type BodyOutcome, type HostRequest } from './request-body.js';

export interface UpstreamEndpointOptions {
  readonly maxBodyBytes: number;
  readonly security: UpstreamSecurity;
  readonly registry: HubRegistry;
  readonly dispatcher: EventDispatcher;
  readonly log: EventLog;
  /** What is served, for those who can prove that they may know. */
  readonly describeHubs: () => readonly HubDescription[];
  /** Absent: repeated events run their handlers again. */
  readonly repeatedEvents?: RepeatedEvents;
}

/** A request that gets no further. */
interface Refusal {
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

/** What is to be answered, before the handler: a refusal, or an event whose body is there. */
export type PreparedEvent =
  | Refusal
  | (AdmittedEvent & { readonly body: Buffer })
  | { readonly kind: 'aborted' }
  | { readonly kind: 'description' };

const ALLOWED_METHODS = 'POST, OPTIONS, GET';
/** How long the body of an event may take. */
const BODY_PATIENCE_MS = 30_000;

/**
 * The one way of an event through the application, whichever edge took the request: checks of the headers, body, handler,
 * answer. The order of the checks is that of the headers' cost and of what a stranger may learn.
 */
export class UpstreamEndpoint {
  readonly #options: UpstreamEndpointOptions;
  readonly #origins: OriginVerdicts;
  readonly #slowBodies = new SlowBodies(BODY_PATIENCE_MS);
  readonly #inFlight = new InFlightEvents();
  #isClosing = false;

  constructor(options: UpstreamEndpointOptions) {
    this.#options = options;
    this.#origins = new OriginVerdicts(options.security.origins);
  }

  /** Answers a request in any case. `host` is the framework's request when it has had this one before. */
  receive(request: IncomingMessage, response: ServerResponse, host?: HostRequest): void {
    if (isValidationRequest(request.method, request.headers)) {
      this.answerValidation(request, response);
      return;
    }
    const startedAt = this.#startClock();
    this.#inFlight.begin();
    this.prepare(request, host, (prepared) => this.#complete(request, response, prepared, startedAt));
  }

  /** Goes on with a request that `prepare` has dealt with. */
  complete(request: IncomingMessage, response: ServerResponse, prepared: PreparedEvent): void {
    this.#inFlight.begin();
    this.#complete(request, response, prepared, this.#startClock());
  }

  /** [upstream-events 3] before authentication, since the service has none here. */
  answerValidation(request: IncomingMessage, response: ServerResponse): void {
    const startedAt = this.#startClock();
    const { security, log } = this.#options;
    const origins = readOrigins(request.headers);
    if (security.origins.isAllowed(origins)) {
      const lines = security.origins.allowedOriginLines(origins);
      const reply = {
        status: 200,
        headers: { 'webhook-allowed-origin': lines.length === 1 ? lines[0]! : lines },
        body: '',
      };
      this.#write(request, response, reply, true);
      this.#logAnswer(request, reply.status, startedAt);
      return;
    }
    log.validationFailed(origins.join(', '));
    const refusal = refuse(403, 'Events of this origin are not accepted.');
    this.#write(request, response, encodeRefusal(refusal), true);
    this.#logAnswer(request, refusal.status, startedAt, refusal);
  }

  /**
   * Checks the headers, then reads the body: `done` is called once, at the latest when the sender gives up. Nothing is
   * written.
   */
  prepare(request: IncomingMessage, host: HostRequest | undefined, done: (prepared: PreparedEvent) => void): void {
    const sender = this.#checkSender(request);
    if (sender.kind === 'refusal') {
      done(sender);
      return;
    }
    const { entra } = this.#options.security;
    if (!entra) {
      this.#admit(request, host, sender, done);
      return;
    }
    void entra.validate(request.headers.authorization).then((verdict) => {
      if (verdict.kind === 'accepted') {
        this.#admit(request, host, sender, done);
        return;
      }
      this.#options.log.bearerRefused(verdict.reason);
      done(refuse(verdict.kind === 'refused' ? 401 : 503, verdict.reason));
    });
  }

  /** Waits until every event that was accepted has been answered, at most so long. New ones are refused with 503 afterwards. */
  async drain(patienceMs: number): Promise<void> {
    this.#isClosing = true;
    await this.#inFlight.whenNone(patienceMs);
    this.#slowBodies.close();
  }

  /** Method, event or not, origin, signature. */
  #checkSender(request: IncomingMessage): Refusal | { kind: 'sender'; type: EventType; origins: readonly string[] } {
    const { headers } = request;
    if (request.method !== 'POST') {
      return { ...refuse(405, 'Events come by POST, validation by OPTIONS or GET.'), allow: ALLOWED_METHODS };
    }
    const type = readEventType(headers);
    if (!type)
      return refuse(400, 'The request is not an event of Web PubSub: ce-awpsversion or ce-type is missing or foreign.');
    if (this.#isClosing) return refuse(503, 'The application is shutting down.');
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

  /** Hub, content type, size; then the body. */
  #admit(
    request: IncomingMessage,
    host: HostRequest | undefined,
    sender: { type: EventType; origins: readonly string[] },
    done: (prepared: PreparedEvent) => void,
  ): void {
    const { registry, log, maxBodyBytes } = this.#options;
    const { headers } = request;
    if (sender.type.kind === 'unknown' && this.#isDescriptionAsked(headers)) {
      done({ kind: 'description' });
      return;
    }
    const hub = headers['ce-hub'] as string | undefined;
    if (!hub) {
      done(refuse(400, 'The request has no ce-hub header.'));
      return;
    }
    const handlers = registry.find(hub);
    if (!handlers) {
      log.hubUnknown(
        hub,
        registry.hubs.map((known) => known.hub),
      );
      done(refuse(404, 'The hub is unknown here.'));
      return;
    }
    const dataType = readDataType(sender.type.kind, headers);
    if (!dataType) {
      done(refuse(415, 'The content type is none of those that events have.'));
      return;
    }
    if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
      done(refuse(415, 'The body of an event must not be compressed.'));
      return;
    }
    if (Number(headers['content-length'] ?? 0) > maxBodyBytes) {
      done(refuseTooLarge(maxBodyBytes));
      return;
    }
    const admitted: AdmittedEvent = { kind: 'admitted', ...sender, dataType, handlers };
    const hostBody = host && takeHostBody(request, host);
    if (hostBody) done(this.#withBody(admitted, hostBody));
    else {
      readRequestBody(request, maxBodyBytes, this.#slowBodies, (outcome) => done(this.#withBody(admitted, outcome)));
    }
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
        return { ...admitted, body: outcome.body };
      case 'tooLarge':
        return refuseTooLarge(maxBodyBytes);
      case 'tooSlow':
        return refuse(408, 'The body did not arrive in time.');
      case 'lost':
        log.bodyLost();
        return refuse(500, 'Internal server error');
      case 'aborted':
        return { kind: 'aborted' };
    }
  }

  #complete(request: IncomingMessage, response: ServerResponse, prepared: PreparedEvent, startedAt: number): void {
    if (prepared.kind === 'aborted') {
      this.#inFlight.end();
      return;
    }
    if (prepared.kind === 'description') {
      const body = JSON.stringify(this.#options.describeHubs());
      this.#finish(request, response, { status: 200, headers: { 'content-type': CONTENT_TYPES.json }, body }, startedAt);
      return;
    }
    if (prepared.kind === 'refusal') {
      this.#finish(request, response, encodeRefusal(prepared), startedAt, prepared);
      return;
    }
    const { type, dataType, origins, body, handlers } = prepared;
    if (type.kind === 'unknown') {
      // A system event that nobody handles.
      this.#finish(request, response, encodeEventReply({ kind: 'empty' }), startedAt);
      return;
    }
    let event: HubEvent;
    try {
      const parts = { type, dataType, origins, body, headers: request.headers, rawHeaders: request.rawHeaders };
      event = decodeEventRequest(parts as EventRequestParts);
    } catch (error) {
      const reason = malformedReasonOf(error);
      if (reason === undefined) this.#options.log.answerFailed(error);
      const refusal = reason === undefined ? refuse(500, 'Internal server error') : refuse(400, reason);
      this.#finish(request, response, encodeRefusal(refusal), startedAt, refusal);
      return;
    }
    if (this.#options.repeatedEvents) {
      this.#completeOnce(this.#options.repeatedEvents, request, response, event, handlers, startedAt);
      return;
    }
    const reply = this.#options.dispatcher.dispatch(event, handlers);
    if (reply instanceof Promise) {
      void reply.then((settled) => this.#finishEvent(request, response, settled, startedAt));
    } else {
      this.#finishEvent(request, response, reply, startedAt);
    }
  }

  #completeOnce(
    repeatedEvents: RepeatedEvents,
    request: IncomingMessage,
    response: ServerResponse,
    event: HubEvent,
    handlers: HubHandlers,
    startedAt: number,
  ): void {
    const run = async () => {
      const { body, ...reply } = encodeEventReply(await this.#options.dispatcher.dispatch(event, handlers));
      return { ...reply, ...(body !== undefined && { body: Buffer.from(body as Uint8Array) }) };
    };
    repeatedEvents.answerOnce(event.context, run).then(
      (answer) => this.#finish(request, response, answer as EncodedReply, startedAt),
      (error: unknown) => {
        this.#options.log.answerFailed(error);
        this.#finish(request, response, encodeRefusal(refuse(500, 'Internal server error')), startedAt);
      },
    );
  }

  #finishEvent(request: IncomingMessage, response: ServerResponse, reply: EventReply, startedAt: number): void {
    const refusal = reply.kind === 'refusal' ? reply : undefined;
    this.#finish(request, response, encodeEventReply(reply), startedAt, refusal);
  }

  #finish(
    request: IncomingMessage,
    response: ServerResponse,
    reply: EncodedReply,
    startedAt: number,
    refusal?: { readonly reason: string },
  ): void {
    this.#write(request, response, reply, !request.readableEnded);
    this.#inFlight.end();
    this.#logAnswer(request, reply.status, startedAt, refusal);
  }

  #write(request: IncomingMessage, response: ServerResponse, reply: EncodedReply, isUnread: boolean): void {
    const options = { isUnread, maxBodyBytes: this.#options.maxBodyBytes, isLast: this.#isClosing };
    try {
      writeReply(request, response, reply, options);
    } catch (error) {
      this.#options.log.answerFailed(error);
      writeReply(request, response, encodeRefusal(refuse(500, 'Internal server error')), options);
    }
  }

  /** Milliseconds, or -1 when nobody wants to know. */
  #startClock(): number {
    return this.#options.log.isDebugEnabled ? performance.now() : -1;
  }

  #logAnswer(request: IncomingMessage, status: number, startedAt: number, refusal?: { readonly reason: string }): void {
    if (startedAt === -1) return;
    const { headers } = request;
    const header = (name: string) => headers[name] as string | undefined;
    const userId = header('ce-userid');
    this.#options.log.answered({
      method: request.method ?? '',
      url: request.url ?? '',
      type: header('ce-type'),
      hub: header('ce-hub'),
      event: header('ce-eventname'),
      userId: userId === undefined ? undefined : Buffer.from(userId, 'latin1').toString('utf8'),
      connectionId: header('ce-connectionid'),
      status,
      reason: refusal?.reason,
      elapsedMs: performance.now() - startedAt,
    });
  }
}

function refuse(status: number, reason: string): Refusal {
  return { kind: 'refusal', status, reason };
}

function refuseTooLarge(maxBodyBytes: number): Refusal {
  return refuse(413, `The body is larger than ${maxBodyBytes} bytes.`);
}

function encodeRefusal({ status, reason, allow }: Refusal): EncodedReply {
  const headers = { 'content-type': CONTENT_TYPES.text, ...(allow !== undefined && { allow }) };
  return { status, headers, body: reason };
}
