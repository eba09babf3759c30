import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodeEventRequest, readOrigins, type EventRequestParts } from '../../protocol/event-request.decoder.js';
import { encodeEventReply, type EncodedReply } from '../../protocol/event-reply.encoder.js';
import type { EventReply, HubEvent } from '../../protocol/cloud-event.js';
import { CONTENT_TYPES } from '../../protocol/event-headers.js';
import { isValidationRequest } from '../../protocol/webhook-validation.js';
import type { HubDescription } from '../hubs/hub-description.interface.js';
import type { HubHandlers } from '../hubs/hub.registry.js';
import type { RepeatedEvents } from '../idempotency/repeated-events.js';
import type { EventObserver } from '../observability/event-observer.interface.js';
import {
  EventAdmission,
  refuse,
  type EventAdmissionOptions,
  type PreparedEvent,
  type Refusal,
} from './event.admission.js';
import type { EventDispatcher } from './event.dispatcher.js';
import { InFlightEvents } from './in-flight-events.js';
import { malformedReasonOf } from './refusal.factory.js';
import { writeReply } from './reply.writer.js';
import type { HostRequest } from './request-body.js';

export interface UpstreamEndpointOptions extends EventAdmissionOptions {
  readonly dispatcher: EventDispatcher;
  /** What is served, for those who can prove that they may know. */
  readonly describeHubs: () => readonly HubDescription[];
  /** Absent: repeated events run their handlers again. */
  readonly repeatedEvents?: RepeatedEvents;
  readonly observer?: EventObserver;
}

const INTERNAL_ERROR = refuse(500, 'Internal server error');
const CLOSED_MEANWHILE = refuse(503, 'The application has ended before the event was handled.');

/**
 * The one way of an event through the application, whichever edge took the request: checks of the headers, body, handler,
 * answer.
 */
export class UpstreamEndpoint {
  readonly #options: UpstreamEndpointOptions;
  readonly #admission: EventAdmission;
  readonly #inFlight = new InFlightEvents();
  #isClosing = false;

  constructor(options: UpstreamEndpointOptions) {
    this.#options = options;
    this.#admission = new EventAdmission(options);
  }

  /** Answers a request in any case. `host` is the framework's request when it has had this one before. */
  receive(request: IncomingMessage, response: ServerResponse, host?: HostRequest): void {
    if (isValidationRequest(request.method, request.headers)) {
      this.answerValidation(request, response);
      return;
    }
    const startedAt = this.#startClock();
    this.#inFlight.begin(request, response);
    this.#admission.prepare(request, host, (prepared) => this.#complete(request, response, prepared, startedAt));
  }

  /** Goes on with a request that `prepare` has dealt with. */
  complete(request: IncomingMessage, response: ServerResponse, prepared: PreparedEvent): void {
    this.#inFlight.begin(request, response);
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
        headers: { 'webhook-allowed-origin': lines.length === 1 ? lines[0] : lines },
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
   * Checks a request and reads its body, as `EventAdmission.prepare` says. The request counts as being handled until it is
   * answered, by whomever.
   */
  prepare(
    request: IncomingMessage,
    response: ServerResponse,
    host: HostRequest | undefined,
    done: (prepared: PreparedEvent) => void,
  ): void {
    this.#inFlight.begin(request, response);
    const end = (): void => this.#inFlight.end(response);
    response.once('finish', end);
    response.once('close', end);
    this.#admission.prepare(request, host, done);
  }

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
    for (const { request, response } of this.#inFlight.list()) {
      this.#write(request, response, encodeRefusal(CLOSED_MEANWHILE), !request.readableEnded);
      this.#inFlight.end(response);
    }
  }

  #complete(request: IncomingMessage, response: ServerResponse, prepared: PreparedEvent, startedAt: number): void {
    if (prepared.kind === 'aborted') {
      this.#inFlight.end(response);
      return;
    }
    if (prepared.kind === 'description') {
      const body = JSON.stringify(this.#options.describeHubs());
      this.#finish(
        request,
        response,
        { status: 200, headers: { 'content-type': CONTENT_TYPES.json }, body },
        startedAt,
      );
      return;
    }
    if (prepared.kind === 'refusal') {
      this.#refuse(request, response, prepared, startedAt);
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
      const refusal = reason === undefined ? INTERNAL_ERROR : refuse(400, reason);
      this.#refuse(request, response, refusal, startedAt);
      return;
    }
    if (this.#options.repeatedEvents) {
      this.#completeOnce(this.#options.repeatedEvents, request, response, event, handlers, startedAt);
      return;
    }
    const reply = this.#options.dispatcher.dispatch(event, handlers, request.headers);
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
      const { body, ...reply } = this.#encode(
        await this.#options.dispatcher.dispatch(event, handlers, request.headers),
      );
      return { ...reply, ...(body !== undefined && { body: Buffer.from(body as Uint8Array) }) };
    };
    repeatedEvents.answerOnce(event.context, run).then(
      (answer) => this.#finish(request, response, answer as EncodedReply, startedAt),
      (error: unknown) => {
        this.#options.log.answerFailed(error);
        this.#finish(request, response, encodeRefusal(INTERNAL_ERROR), startedAt);
      },
    );
  }

  #refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal, startedAt: number): void {
    this.#options.observer?.refused(refusal.status);
    this.#finish(request, response, encodeRefusal(refusal), startedAt, refusal);
  }

  #finishEvent(request: IncomingMessage, response: ServerResponse, reply: EventReply, startedAt: number): void {
    const refusal = reply.kind === 'refusal' ? reply : undefined;
    this.#finish(request, response, this.#encode(reply), startedAt, refusal);
  }

  /** What a handler put into `mqtt` may be no JSON. */
  #encode(reply: EventReply): EncodedReply {
    try {
      return encodeEventReply(reply);
    } catch (error) {
      this.#options.log.answerFailed(error);
      return encodeRefusal(INTERNAL_ERROR);
    }
  }

  #finish(
    request: IncomingMessage,
    response: ServerResponse,
    reply: EncodedReply,
    startedAt: number,
    refusal?: { readonly reason: string },
  ): void {
    this.#write(request, response, reply, !request.readableEnded);
    this.#inFlight.end(response);
    this.#logAnswer(request, reply.status, startedAt, refusal);
  }

  #write(request: IncomingMessage, response: ServerResponse, reply: EncodedReply, isUnread: boolean): void {
    const options = {
      isUnread,
      maxBodyBytes: this.#options.maxBodyBytes,
      isLast: this.#isClosing || reply.status === 408,
    };
    try {
      writeReply(request, response, reply, options);
    } catch (error) {
      this.#options.log.answerFailed(error);
      writeReply(request, response, encodeRefusal(INTERNAL_ERROR), options);
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

function encodeRefusal({ status, reason, allow }: Refusal): EncodedReply {
  const headers = { 'content-type': CONTENT_TYPES.text, ...(allow !== undefined && { allow }) };
  return { status, headers, body: reason };
}
