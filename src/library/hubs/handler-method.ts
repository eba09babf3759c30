import { handlerNotMethod } from '../decorators/decorator.messages.js';
import type { HandledEvent } from '../decorators/event-handler.decorators.js';
import { completeMetadata, prototypesOf, recordsOf } from '../decorators/handler-record.js';
import { StartUpError } from '../errors/start-up.error.js';
import { HANDLED_EVENTS_METADATA } from '../web-pubsub.constants.js';
import { isEventName } from '../../protocol/names.js';
import { eventNameInvalid, eventNameMissing, handlerOverridden } from './hub.messages.js';

/** A decorated method of a hub class. */
export interface HandlerMethod {
  readonly name: string;
  readonly events: readonly HandledEvent[];
  /** Carries the metadata of its decorators. It is called by name: what a class has in its place may be a wrapper. */
  readonly method: Function;
  /** Whether its metadata came to the method too late for Nest, which makes enhancers by it. */
  readonly isReplaced: boolean;
}

/** Names of decorated methods, those of base classes too. */
export function findHandlerNames(hubClass: Function): string[] {
  const names = new Set<string>();
  for (const prototype of prototypesOf(hubClass)) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      if (eventsDeclaredAt(prototype, name)) names.add(name);
    }
    // Those of which nothing is left.
    for (const name of recordsOf(prototype).keys()) names.add(name);
  }
  return [...names];
}

/** Throws a `StartUpError` when the decorators of the method would come to nothing. */
export function readHandlerMethod(hubClass: Function, name: string): HandlerMethod {
  const prototypes = prototypesOf(hubClass);
  const declaring = prototypes.findIndex((prototype) => eventsDeclaredAt(prototype, name));
  const defining = prototypes.findIndex((prototype) => Object.hasOwn(prototype, name));
  const declarer = prototypes[declaring];
  const events = eventsDeclaredAt(declarer, name)!;
  assertEvents(`${classNameOf(declarer)}.${name}`, events);
  if (defining === -1) throw new StartUpError(handlerNotMethod(hubClass.name, name));
  const definer = prototypes[defining];
  if (defining < declaring) {
    throw new StartUpError(handlerOverridden(classNameOf(definer), classNameOf(declarer), name, events));
  }
  return { name, events, ...carrierOf(declarer, definer, name) };
}

/** What decorators said at this prototype; a method may come without a record, copied from a class to another. */
function eventsDeclaredAt(prototype: object, name: string): HandledEvent[] | undefined {
  const recorded = recordsOf(prototype).get(name)?.events;
  const method: unknown = Reflect.getOwnPropertyDescriptor(prototype, name)?.value;
  const carried =
    typeof method === 'function'
      ? (Reflect.getMetadata(HANDLED_EVENTS_METADATA, method) as HandledEvent[] | undefined)
      : undefined;
  return recorded || carried ? [...new Set([...(recorded ?? []), ...(carried ?? [])])] : undefined;
}

function carrierOf(declarer: object, definer: object, name: string): Pick<HandlerMethod, 'method' | 'isReplaced'> {
  const functions = recordsOf(declarer).get(name)?.functions ?? [];
  const { value, get } = Reflect.getOwnPropertyDescriptor(definer, name)!;
  // A decorator that binds methods leaves an accessor, which has nothing to carry metadata.
  const method: unknown = get ? functions.at(-1) : value;
  if (typeof method !== 'function') throw new StartUpError(handlerNotMethod(classNameOf(definer), name));
  completeMetadata(method, functions);
  return { method, isReplaced: functions.length > 0 && functions.at(-1) !== value };
}

function classNameOf(prototype: object): string {
  return (prototype.constructor as Function | undefined)?.name ?? '';
}

function assertEvents(handler: string, events: readonly HandledEvent[]): void {
  if (events.length === 0) throw new StartUpError(eventNameMissing(handler));
  for (const event of events) {
    if (event.kind === 'user' && event.name !== '*' && !(typeof event.name === 'string' && isEventName(event.name))) {
      throw new StartUpError(eventNameInvalid(handler, event.name));
    }
  }
}
