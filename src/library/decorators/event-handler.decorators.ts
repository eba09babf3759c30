import { StartUpError } from '../errors/start-up.error.js';
import { HANDLED_EVENTS_METADATA } from '../web-pubsub.constants.js';
import { handlerNotMethod } from './decorator.messages.js';
import { recordHandler } from './handler-record.js';

/** An event that a decorated method handles. */
export type HandledEvent =
  | { readonly kind: 'connect' | 'connected' | 'disconnected' | 'joined' | 'left' }
  /** `*` is every user event that no other handler names. */
  | { readonly kind: 'user'; readonly name: string };

/**
 * Handles `connect`, which the service sends before it accepts a client: the handler gets a `ConnectRequest` and returns
 * nothing, or a `ConnectResponse`; it refuses the client by throwing an `HttpException`.
 *
 * @publicApi
 */
export const OnConnect = (): MethodDecorator => handles({ kind: 'connect' });

/**
 * Handles `connected`: a client is there. The handler gets a `ConnectedRequest`; the service does not wait for it, so that
 * the client's first user events may come before it has ended [upstream-events 6.4].
 *
 * @publicApi
 */
export const OnConnected = (): MethodDecorator => handles({ kind: 'connected' });

/**
 * Handles `disconnected`: a client is gone for good. The handler gets a `DisconnectedRequest`.
 *
 * @publicApi
 */
export const OnDisconnected = (): MethodDecorator => handles({ kind: 'disconnected' });

/**
 * Handles the user event `message`: the frames of clients without a subprotocol, and what others send under this name. The
 * handler gets a `UserEventRequest` and returns the answer to the client.
 *
 * @publicApi
 */
export const OnMessage = (): MethodDecorator => OnUserEvent('message');

/**
 * Handles user events by name, compared without regard to case; `'*'` handles those that no other handler of the hub names.
 * The handler gets a `UserEventRequest` and returns the answer to the client.
 *
 * @publicApi
 */
export const OnUserEvent = (name: string | readonly string[]): MethodDecorator =>
  handles(...(typeof name === 'string' ? [name] : name).map((each) => ({ kind: 'user' as const, name: each })));

/**
 * Handles that a connection joined a group. The handler gets a `GroupJoinedRequest`.
 *
 * @publicApi
 */
export const OnGroupJoined = (): MethodDecorator => handles({ kind: 'joined' });

/**
 * Handles that a connection left a group. The handler gets a `GroupLeftRequest`.
 *
 * @publicApi
 */
export const OnGroupLeft = (): MethodDecorator => handles({ kind: 'left' });

/** Several decorators may stand on one method. */
function handles(...events: HandledEvent[]): MethodDecorator {
  return (target: object, name, descriptor: PropertyDescriptor | undefined) => {
    const method: unknown = descriptor?.value;
    if (typeof method !== 'function' || typeof target === 'function' || typeof name !== 'string') {
      const { name: className } = typeof target === 'function' ? target : target.constructor;
      throw new StartUpError(handlerNotMethod(className, String(name)));
    }
    recordHandler(target, name, method, events);
    const earlier = (Reflect.getMetadata(HANDLED_EVENTS_METADATA, method) ?? []) as HandledEvent[];
    Reflect.defineMetadata(HANDLED_EVENTS_METADATA, [...events, ...earlier], method);
  };
}
