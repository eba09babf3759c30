import { ENHANCER_METADATA } from '../nest-metadata.js';
import { HANDLED_EVENTS_METADATA } from '../web-pubsub.constants.js';
import type { HandledEvent } from './event-handler.decorators.js';

/** On a prototype: records of its decorated methods, by name. */
const HANDLER_RECORDS_METADATA = 'nestjs-web-pubsub:handler-records';

/** Lists to which each decorator adds; of other metadata the upper decorator has the last word. */
const LISTS = new Set<unknown>([...ENHANCER_METADATA, HANDLED_EVENTS_METADATA]);

/**
 * What decorators said of a method. It stays with the class when a decorator above puts a function of its own in the place
 * of the method, as those for retries and traces do: metadata of the method is lost with it.
 */
export interface HandlerRecord {
  readonly events: readonly HandledEvent[];
  /** What has stood in the place of the method and carries metadata, the latest last. */
  readonly functions: readonly Function[];
}

const NO_RECORDS: ReadonlyMap<string, HandlerRecord> = new Map();

export function recordHandler(
  prototype: object,
  name: string,
  method: Function,
  events: readonly HandledEvent[],
): void {
  const earlier = recordsOf(prototype);
  const known = earlier.get(name);
  const functions = [...(known?.functions ?? []).filter((each) => each !== method), method];
  const record: HandlerRecord = { events: [...events, ...(known?.events ?? [])], functions };
  Reflect.defineMetadata(HANDLER_RECORDS_METADATA, new Map([...earlier, [name, record]]), prototype);
}

/** Of the methods of this prototype alone, not of those below it. */
export function recordsOf(prototype: object): ReadonlyMap<string, HandlerRecord> {
  return (Reflect.getOwnMetadata(HANDLER_RECORDS_METADATA, prototype) as typeof NO_RECORDS | undefined) ?? NO_RECORDS;
}

/** The prototypes that instances of a class have methods of, its own first. */
export function prototypesOf(hubClass: Function): object[] {
  const prototypes: object[] = [];
  let prototype = hubClass.prototype as object | null | undefined;
  for (; prototype && prototype !== Object.prototype; prototype = Reflect.getPrototypeOf(prototype)) {
    prototypes.push(prototype);
  }
  return prototypes;
}

/** Gives the functions that stand in the place of decorated methods the metadata that these have. */
export function handOnMetadata(hubClass: Function): void {
  for (const prototype of prototypesOf(hubClass)) {
    for (const [name, { functions }] of recordsOf(prototype)) {
      const present: unknown = Reflect.getOwnPropertyDescriptor(prototype, name)?.value;
      if (typeof present !== 'function' || functions.at(-1) === present) continue;
      completeMetadata(present, functions);
      recordHandler(prototype, name, present, []);
    }
  }
}

/** Adds to a function the metadata of those whose place it takes. */
export function completeMetadata(present: Function, functions: readonly Function[]): void {
  for (const earlier of functions.toReversed()) {
    for (const key of Reflect.getMetadataKeys(earlier) as unknown[]) addMetadata(key, earlier, present);
  }
}

function addMetadata(key: unknown, source: Function, target: Function): void {
  const added: unknown = Reflect.getMetadata(key, source);
  const own: unknown = Reflect.getMetadata(key, target);
  if (own === undefined) Reflect.defineMetadata(key, added, target);
  else if (LISTS.has(key)) Reflect.defineMetadata(key, mergeLists(added as unknown[], own as unknown[]), target);
}

/** Lower decorators come first, as where all stand on one function. */
function mergeLists(lower: readonly unknown[], upper: readonly unknown[]): unknown[] {
  return [...new Set([...lower, ...upper])];
}
