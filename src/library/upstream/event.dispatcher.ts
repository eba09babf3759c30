import type { IncomingMessage } from 'node:http';
import { HttpException } from '@nestjs/common';
import { isObservable } from 'rxjs';
import type { EventReply, HubEvent } from '../../protocol/cloud-event.js';
import type { ConnectionStateForm } from '../../protocol/connection-states.codec.js';
import { assertStateFits, encodeConnectionStates } from '../connection-states.js';
import { HttpResponseStandIn } from '../hubs/http-response.stand-in.js';
import type { HubHandler } from '../hubs/hub-handler.js';
import type { HubHandlers } from '../hubs/hub.registry.js';
import { lastOf } from '../hubs/last-of.js';
import type { EventObserver } from '../observability/event-observer.interface.js';
import { setCarrier } from '../requests/http-request.stand-in.js';
import { createHubRequest } from '../requests/hub-request.factory.js';
import type { HubRequest } from '../requests/hub.request.js';
import type { EventLog } from './event.log.js';
import { createEventReply, namesNoConnectField } from './event-reply.factory.js';
import {
  createPlainRefusal,
  createRefusal,
  INTERNAL_ERROR,
  isAnswerStatus,
  malformedReasonOf,
  messageIn,
} from './refusal.factory.js';

export interface DispatcherOptions {
  readonly unhandledUserEvents: 'reject' | 'accept';
  readonly stateCodec: ConnectionStateForm;
  readonly maxStateBytes: number;
  /** That receives events. */
  readonly path: string;
}

type Failure = NonNullable<HttpResponseStandIn['failure']>;

const ACCEPTED: EventReply = { kind: 'empty' };

/** Brings an event to its handler, and what the handler returns or throws back as the answer. */
export class EventDispatcher {
  constructor(
    private readonly options: DispatcherOptions,
    private readonly log: EventLog,
    private readonly observer?: EventObserver,
  ) {}

  /**
   * Never throws or rejects. The answer is there at once when the handler is synchronous. `carrier` is the request that
   * brought the event.
   */
  dispatch(event: HubEvent, handlers: HubHandlers, carrier: IncomingMessage): EventReply | Promise<EventReply> {
    const handler = handlers.find(event.kind, event.context.eventName);
    if (!this.observer) return this.#handle(event, handler, carrier);
    const { headers } = carrier;
    return this.observer.observe({ event, hub: handlers.hub, handler, headers }, () =>
      this.#handle(event, handler, carrier),
    );
  }

  #handle(
    event: HubEvent,
    handler: HubHandler | undefined,
    carrier: IncomingMessage,
  ): EventReply | Promise<EventReply> {
    let request: HubRequest;
    try {
      request = createHubRequest(event, this.options.stateCodec);
    } catch (error) {
      const reason = malformedReasonOf(error);
      return reason === undefined ? this.#fail(event, undefined, error) : createPlainRefusal(event, 400, reason);
    }
    if (!handler) return this.#answerUnhandled(event);
    if (handler.hasEnhancers) setCarrier(request, { path: this.options.path, request: carrier });
    return this.#run(event, handler, request);
  }

  #answerUnhandled(event: HubEvent): EventReply {
    if (event.kind !== 'user' || this.options.unhandledUserEvents === 'accept') return ACCEPTED;
    return createPlainRefusal(event, 404, 'No handler of the hub handles this user event.');
  }

  #run(event: HubEvent, handler: HubHandler, request: HubRequest): EventReply | Promise<EventReply> {
    const standIn = handler.hasEnhancers ? new HttpResponseStandIn() : undefined;
    try {
      const result = handler.invoke(request, standIn);
      if (isPromiseLike(result)) return this.#settle(event, handler, request, result, standIn);
      if (isObservable(result)) return this.#settle(event, handler, request, lastOf(result), standIn);
      return this.#reply(event, handler, request, result, standIn);
    } catch (error) {
      return this.#refuse(event, handler, error, standIn);
    }
  }

  async #settle(
    event: HubEvent,
    handler: HubHandler,
    request: HubRequest,
    pending: PromiseLike<unknown>,
    standIn: HttpResponseStandIn | undefined,
  ): Promise<EventReply> {
    try {
      let result = await pending;
      // What an exception filter returned, or a promise of one.
      if (isObservable(result)) result = await lastOf(result);
      return this.#reply(event, handler, request, result, standIn);
    } catch (error) {
      return this.#refuse(event, handler, error, standIn);
    }
  }

  #reply(
    event: HubEvent,
    handler: HubHandler,
    request: HubRequest,
    result: unknown,
    standIn: HttpResponseStandIn | undefined,
  ): EventReply {
    // What a filter returns, at once or later, Nest does not tell apart from what a handler returns.
    const failure = standIn?.failure;
    if (failure) this.#tellOfGlobalEnhancer(event, handler, failure);
    if (standIn && (standIn.isAnswered || result === standIn)) {
      return this.#takeHttpAnswer(event, handler, standIn, failure?.error);
    }
    if (failure && saysNothing(event, result)) return this.#fail(event, handler, failure.error, standIn);
    if (result instanceof Error) return this.#fail(event, handler, result);
    const reply = createEventReply(event.kind, result);
    if (event.kind === 'connect' && namesNoConnectField(result)) this.log.connectResultForeign(handler.name, result);
    const { states } = request.context;
    if (!states.isChanged) return reply;
    if (event.kind !== 'connect' && event.kind !== 'user') {
      this.log.stateIgnored(handler.name, event);
      return reply;
    }
    const state = encodeConnectionStates(states, this.options.stateCodec);
    assertStateFits(state, this.options.maxStateBytes, event.context.hub, event.context.eventName);
    return { ...reply, state } as EventReply;
  }

  #refuse(event: HubEvent, handler: HubHandler, error: unknown, standIn: HttpResponseStandIn | undefined): EventReply {
    if (standIn?.failure) this.#tellOfGlobalEnhancer(event, handler, standIn.failure);
    if (standIn?.isAnswered) return this.#takeHttpAnswer(event, handler, standIn, error);
    return this.#fail(event, handler, error, standIn);
  }

  /**
   * An exception filter that was written for HTTP has answered; `caught` is the error, as far as it is known. Such a filter
   * may say success and the failure in the body; no client comes in by that.
   */
  #takeHttpAnswer(event: HubEvent, handler: HubHandler, answer: HttpResponseStandIn, caught: unknown): EventReply {
    const { statusCode, body } = answer;
    const isSuccess = isAnswerStatus(statusCode) && statusCode < 300;
    if (isSuccess && event.kind === 'connect') {
      this.log.refusalAnsweredAsSuccess(handler.name, statusCode);
      if (caught === undefined) return createPlainRefusal(event, 500, INTERNAL_ERROR);
      return this.#fail(event, handler, caught, answer);
    }
    this.log.httpFilterAnswered(handler.name);
    if (isSuccess) {
      try {
        return createEventReply(event.kind, body);
      } catch (error) {
        return this.#fail(event, handler, error);
      }
    }
    return createPlainRefusal(event, isAnswerStatus(statusCode) ? statusCode : 500, wordsOf(body));
  }

  /** Most global guards and interceptors were written for HTTP, and let every event fail. */
  #tellOfGlobalEnhancer({ context }: HubEvent, handler: HubHandler, { error, suspects }: Failure): void {
    if (!suspects) return;
    try {
      const status: unknown = error instanceof HttpException ? error.getStatus() : undefined;
      if (isAnswerStatus(status) && status >= 300 && status < 500) {
        this.log.globalEnhancerRefused(suspects, handler.name, context.eventName, status);
      } else {
        this.log.globalEnhancerFailed(suspects, handler.name, context.eventName, error);
      }
    } catch {
      // An error with members that throw; the answer to it says so to the log.
    }
  }

  #fail(event: HubEvent, handler: HubHandler | undefined, error: unknown, standIn?: HttpResponseStandIn): EventReply {
    try {
      const { reply, isUnexpected } = createRefusal(event, error);
      this.observer?.failed(event, error);
      if (isUnexpected && !handler?.isLoggedByNest(error)) {
        const failure = standIn?.failure;
        // A filter may have thrown another error than the one it got.
        const suspects = failure && failure.error === error ? failure.suspects : undefined;
        this.log.handlerFailed(handler?.name, event, error, suspects);
      }
      return reply;
    } catch (failure) {
      // An error with members that throw.
      this.log.answerFailed(failure);
      return createPlainRefusal(event, 500, INTERNAL_ERROR);
    }
  }
}

/** Whether a filter that was called with a failure has returned nothing that can be an answer. */
function saysNothing(event: HubEvent, result: unknown): boolean {
  return result === undefined || result === null || (event.kind === 'connect' && namesNoConnectField(result));
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/** What a filter sent as the body: text, or an object with a message. */
function wordsOf(body: unknown): string {
  return typeof body === 'string' ? body : (messageIn(body) ?? '');
}
