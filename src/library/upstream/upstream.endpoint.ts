import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { decodeEventRequest, type EventRequestParts } from '../../protocol/event-request.decoder.js';
import { readOrigins } from '../../protocol/event-request-headers.js';
import { encodeEventReply, type EncodedReply } from '../../protocol/event-reply.encoder.js';
import type { EventReply, HubEvent } from '../../protocol/cloud-event.js';
import { EVENT_HEADERS, REPLY_CONTENT_TYPES } from '../../protocol/event-headers.js';
import { decodeUtf8Header } from '../../protocol/utf8-header.codec.js';
import { isValidationRequest } from '../../protocol/webhook-validation.js';
import type { HubDescription } from '../hubs/hub-description.interface.js';
import type { HubHandlers } from '../hubs/hub.registry.js';
import type { RepeatedEvents } from '../idempotency/repeated-events.js';
import type { EventObserver } from '../observability/event-observer.interface.js';
import {
  EventAdmission,
  refuse,
  type EventAdmissionOptions,
  type ReceivedEvent,
  type Refusal,
  type WhenPrepared,
} from './event.admission.js';
import { EventExchange } from './event-exchange.js';
import type { EventDispatcher } from './event.dispatcher.js';
import { InFlightEvents } from './in-flight-events.js';
import { INTERNAL_ERROR, malformedReasonOf } from './refusal.factory.js';
import { writeReply } from './reply.writer.js';
import type { HostRequest } from './request-body.js';

export interface UpstreamEndpointOptions extends EventAdmissionOptions {
  readonly dispatcher: EventDispatcher;
  /** That receives events. */
  readonly path: string;
  /** What is served, for those who can prove that they may know. */
  readonly describeHubs: () => readonly HubDescription[];
  /** Absent: repeated events run their handlers again. */
  readonly repeatedEvents?: RepeatedEvents;
  readonly observer?: EventObserver;
}

const FAILED = refuse(500, INTERNAL_ERROR);
const CLOSED_MEANWHILE = refuse(503, 'The application has ended before the event was handled.');

/**
 * The one way of an event through the application, whichever edge took the request: checks of the headers, body, handler,
 * answer.
 */
export class UpstreamEndpoint {
  readonly #options: UpstreamEndpointOptions;
  readonly #admission: EventAdmission;
  readonly #inFlight = new InFlightEvents();
  /** Of each connection on which requests came before others were answered: the answer to the latest of them. */
  readonly #queued = new WeakMap<Socket, ServerResponse>();
  #isClosing = false;

  constructor(options: UpstreamEndpointOptions) {
    this.#options = options;
    this.#admission = new EventAdmission(options);
  }

  /** Answers a request in any case. `host` is the framework's request when it has had this one before. */
  receive(request: IncomingMessage, response: ServerResponse, host?: HostRequest): void {
    const exchange = this.#begin(request, response, host, false);
    if (exchange) this.#admission.prepare(exchange, this.complete);
  }

  /**
   * Checks a request and reads its body, as `EventAdmission.prepare` says, for `complete` to go on with. The request counts
   * as being handled until it is answered, by whomever. Validation requests are answered at once.
   */
  prepare(request: IncomingMessage, response: ServerResponse, host: HostRequest | undefined, done: WhenPrepared): void {
    const exchange = this.#begin(request, response, host, true);
    if (!exchange) return;
    const end = (): void => this.#inFlight.end(exchange);
    response.on('finish', end);
    response.on('close', end);
    this.#admission.prepare(exchange, done);
  }

  /** Goes on with a request that `prepare` has dealt with. */
  readonly complete: WhenPrepared = (exchange, prepared) => {
    switch (prepared.kind) {
      case 'admitted':
        this.#decode(exchange, prepared);
        return;
      case 'refusal':
        this.#refuse(exchange, prepared);
        return;
      case 'description':
        this.#finish(exchange, this.#describe(exchange.request.headers['ce-connectionstate']));
        return;
      case 'aborted':
        this.#inFlight.end(exchange);
    }
  };

  /**
   * Waits until every event that was accepted has been answered, at most so long; what then still waits for its body or its
   * handler is answered 408 or 503, so that the service comes again and no connection keeps the server open. New events are
   * refused with 503 from the beginning.
   */
  async drain(patienceMs: number): Promise<void> {
    this.#isClosing = true;
    this.#admission.close();
    await this.#inFlight.whenNone(patienceMs);
    this.#admission.dispose();
    const late = this.#inFlight.list();
    this.#tellOfUnanswered(late, patienceMs);
    for (const exchange of late) {
      this.#write(exchange, encodeRefusal(CLOSED_MEANWHILE), !exchange.request.readableEnded);
      this.#inFlight.end(exchange);
    }
  }

  #tellOfUnanswered(late: readonly EventExchange[], patienceMs: number): void {
    const events = late
      .filter(({ isAnswered }) => !isAnswered)
      .map(({ request: { headers } }) => ({
        event: headers['ce-eventname'] as string | undefined,
        hub: headers['ce-hub'] as string | undefined,
      }));
    if (events.length > 0) this.#options.log.unansweredAtClosing(events, patienceMs);
  }

  /** Undefined: it was a validation request, and is answered. */
  #begin(
    request: IncomingMessage,
    response: ServerResponse,
    host: HostRequest | undefined,
    goesOn: boolean,
  ): EventExchange | undefined {
    this.#options.observer?.received(this.#options.path);
    const exchange = new EventExchange(request, response, host, this.#startClock(), goesOn);
    // Node gives an answer its socket when those before it have been sent.
    if (response.socket === null && request.socket) this.#queued.set(request.socket, response);
    if (isValidationRequest(request.method, request.headers)) {
      this.#answerValidation(exchange);
      return undefined;
    }
    this.#inFlight.begin(exchange);
    return exchange;
  }

  /** With the state of the question, so that whoever asks sees how much of one comes back. */
  #describe(state: string | string[] | undefined): EncodedReply {
    const headers = {
      'content-type': REPLY_CONTENT_TYPES.json,
      ...(state !== undefined && { [EVENT_HEADERS.connectionState]: state }),
    };
    return { status: 200, headers, body: JSON.stringify(this.#options.describeHubs()) };
  }

  /** [upstream-events 3] before authentication, since the service has none here. */
  #answerValidation(exchange: EventExchange): void {
    const { security, log } = this.#options;
    const origins = readOrigins(exchange.request.headers);
    if (security.origins.isAllowed(origins)) {
      const lines = security.origins.allowedOriginLines(origins);
      const reply = {
        status: 200,
        headers: { 'webhook-allowed-origin': lines.length === 1 ? lines[0] : lines },
        body: '',
      };
      this.#write(exchange, reply, true);
      this.#logAnswer(exchange, reply.status);
      return;
    }
    log.validationFailed(origins.join(', '));
    const refusal = refuse(403, 'Events of this origin are not accepted.');
    this.#write(exchange, encodeRefusal(refusal), true);
    this.#logAnswer(exchange, refusal.status, refusal);
  }

  #decode(exchange: EventExchange, { type, dataType, origins, body, handlers }: ReceivedEvent): void {
    if (type.kind === 'unknown') {
      // A system event that nobody handles.
      this.#finish(exchange, encodeEventReply({ kind: 'empty' }));
      return;
    }
    const { headers, rawHeaders } = exchange.request;
    let event: HubEvent;
    try {
      event = decodeEventRequest({ type, dataType, origins, body, headers, rawHeaders } as EventRequestParts);
    } catch (error) {
      const reason = malformedReasonOf(error);
      if (reason === undefined) this.#options.log.answerFailed(error);
      this.#refuse(exchange, reason === undefined ? FAILED : refuse(400, reason));
      return;
    }
    const { repeatedEvents } = this.#options;
    // Without an id, which a proxy may have taken, nothing tells one event from the next.
    if (repeatedEvents && event.context.eventId !== '') this.#answerOnce(repeatedEvents, exchange, event, handlers);
    else this.#answer(exchange, event, handlers);
  }

  #answer(exchange: EventExchange, event: HubEvent, handlers: HubHandlers): void {
    const reply = this.#options.dispatcher.dispatch(event, handlers, exchange.request);
    if (reply instanceof Promise) void reply.then((settled) => this.#finishEvent(exchange, settled));
    else this.#finishEvent(exchange, reply);
  }

  #answerOnce(repeatedEvents: RepeatedEvents, exchange: EventExchange, event: HubEvent, handlers: HubHandlers): void {
    const run = async () => {
      const { body, ...reply } = this.#encode(
        await this.#options.dispatcher.dispatch(event, handlers, exchange.request),
      );
      return { ...reply, ...(body !== undefined && { body: Buffer.from(body as Uint8Array) }) };
    };
    repeatedEvents.answerOnce(event.context, run).then(
      (answer) => this.#finish(exchange, answer as EncodedReply),
      (error: unknown) => {
        this.#options.log.answerFailed(error);
        this.#finish(exchange, encodeRefusal(FAILED));
      },
    );
  }

  #refuse(exchange: EventExchange, refusal: Refusal): void {
    this.#options.observer?.refused(refusal.status);
    this.#finish(exchange, encodeRefusal(refusal), refusal);
  }

  #finishEvent(exchange: EventExchange, reply: EventReply): void {
    this.#finish(exchange, this.#encode(reply), reply.kind === 'refusal' ? reply : undefined);
  }

  /** What a handler put into `mqtt` may be no JSON. */
  #encode(reply: EventReply): EncodedReply {
    try {
      return encodeEventReply(reply);
    } catch (error) {
      this.#options.log.answerFailed(error);
      return encodeRefusal(FAILED);
    }
  }

  #finish(exchange: EventExchange, reply: EncodedReply, refusal?: { readonly reason: string }): void {
    this.#write(exchange, reply, !exchange.request.readableEnded);
    this.#inFlight.endWhenSent(exchange);
    this.#logAnswer(exchange, reply.status, refusal);
  }

  #write({ request, response }: EventExchange, reply: EncodedReply, isUnread: boolean): void {
    const options = {
      isUnread,
      maxBodyBytes: this.#options.maxBodyBytes,
      isLast: reply.status === 408 || (this.#isClosing && !this.#isFollowed(request, response)),
    };
    try {
      writeReply(request, response, reply, options);
    } catch (error) {
      this.#options.log.answerFailed(error);
      writeReply(request, response, encodeRefusal(FAILED), options);
    }
  }

  /** Whether answers to other events wait on the connection until this one has been sent. */
  #isFollowed(request: IncomingMessage, response: ServerResponse): boolean {
    const queued = this.#queued.get(request.socket);
    return queued !== undefined && queued !== response && !queued.writableFinished;
  }

  /** Milliseconds, or -1 when nobody wants to know. */
  #startClock(): number {
    return this.#options.log.isDebugEnabled ? performance.now() : -1;
  }

  #logAnswer({ request, startedAt }: EventExchange, status: number, refusal?: { readonly reason: string }): void {
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
      userId: userId === undefined ? undefined : decodeUtf8Header(userId),
      connectionId: header('ce-connectionid'),
      status,
      reason: refusal?.reason,
      elapsedMs: performance.now() - startedAt,
    });
  }
}

function encodeRefusal({ status, reason, allow }: Refusal): EncodedReply {
  const headers = { 'content-type': REPLY_CONTENT_TYPES.text, ...(allow !== undefined && { allow }) };
  return { status, headers, body: reason };
}
