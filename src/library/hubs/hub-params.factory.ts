import { findParamReader, readData, type ParamReader } from '../decorators/event-params.decorators.js';
import { ConnectionStates } from '../connection-states.js';
import { ConnectRequest } from '../requests/connect.request.js';
import { ConnectedRequest } from '../requests/connected.request.js';
import { ConnectionContext } from '../requests/connection-context.js';
import { DisconnectedRequest } from '../requests/disconnected.request.js';
import { GroupJoinedRequest, GroupLeftRequest } from '../requests/group.requests.js';
import { HubRequest } from '../requests/hub.request.js';
import { UserEventRequest } from '../requests/user-event.request.js';

/** Where Nest keeps what parameter decorators say, on the class, by method. */
const ROUTE_ARGS_METADATA = '__routeArguments__';

/** Where TypeScript keeps the types of parameters. */
const PARAMTYPES_METADATA = 'design:paramtypes';

/** Types of Nest's own parameter decorators, of which `@EventData` is the body. */
const REQUEST_TYPE = 0;
const BODY_TYPE = 3;

/** An entry of that metadata; its key begins with the type, or with an id for custom decorators. */
interface ParamMetadata {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes?: readonly unknown[];
  readonly factory?: object;
}

/** For `ExternalContextCreator`: the value of a parameter whose decorator is one of Nest's own. */
export const hubParamsFactory = {
  exchangeKeyForValue(type: number, data: unknown, [request]: [HubRequest]): unknown {
    if (type === BODY_TYPE) return readData(request, data);
    return type === REQUEST_TYPE ? request : undefined;
  },
};

export const PARAMS_METADATA_KEY = ROUTE_ARGS_METADATA;

/** Pipes of single parameters. */
export function pipesOfParams(hubClass: object, method: string): unknown[] {
  return Object.values(readParams(hubClass, method)).flatMap(({ pipes }) => pipes ?? []);
}

function readParams(hubClass: object, method: string): Record<string, ParamMetadata> {
  return (Reflect.getMetadata(ROUTE_ARGS_METADATA, hubClass, method) ?? {}) as Record<string, ParamMetadata>;
}

/**
 * How to fill the parameters of a method without Nest: undefined when it takes Nest, since a parameter has pipes or a
 * decorator that is not of this package. Without decorated parameters the method gets the request.
 */
export function createArgumentsReader(
  hubClass: object,
  method: string,
): ((request: HubRequest) => unknown[]) | undefined {
  const metadata = readParams(hubClass, method);
  const slots: ({ read: ParamReader; data: unknown } | undefined)[] = [];
  for (const [key, { index, data, pipes, factory }] of Object.entries(metadata)) {
    const read = factory ? findParamReader(factory) : key.startsWith(`${BODY_TYPE}:`) ? readData : undefined;
    if (!read || (pipes && pipes.length > 0)) return undefined;
    slots[index] = { read, data };
  }
  if (slots.length === 0) return (request) => [request];
  return (request) => {
    const args: unknown[] = [];
    for (const slot of slots) args.push(slot?.read(request, slot.data));
    return args;
  };
}

/** Whether a method has a decorated parameter; else it gets the request. */
export function hasDecoratedParams(hubClass: object, method: string): boolean {
  return Object.keys(readParams(hubClass, method)).length > 0;
}

/** What the package itself hands to handlers: it has no rules to be validated by. */
const HANDED_CLASSES = new Set<unknown>([
  ConnectRequest,
  ConnectedRequest,
  ConnectionContext,
  ConnectionStates,
  DisconnectedRequest,
  GroupJoinedRequest,
  GroupLeftRequest,
  HubRequest,
  UserEventRequest,
]);

/**
 * Changes in metadata what `ValidationPipe` would take for the shape of an object, and copy into a new one. Where a
 * parameter says `Uint8Array` it will say `Buffer`, which payloads of bytes are; where it says a class of this package,
 * `Object`, except for payloads. Classes of the application stay: with `validateCustomDecorators` they are validated.
 */
export function declareParamTypes(hubClass: Function, method: string): void {
  for (let prototype = hubClass.prototype as object | null; prototype; prototype = Reflect.getPrototypeOf(prototype)) {
    const types = Reflect.getOwnMetadata(PARAMTYPES_METADATA, prototype, method) as unknown[] | undefined;
    if (!types) continue;
    const payloads = payloadIndexes(hubClass, method);
    const declared = types.map((type, index) => {
      if (type === Uint8Array) return Buffer;
      return isHandedClass(type) && !payloads.has(index) ? Object : type;
    });
    Reflect.defineMetadata(PARAMTYPES_METADATA, declared, prototype, method);
    return;
  }
}

/** A class that extends `ConnectionStates` names types alone: the values are where a copy would not have them. */
function isHandedClass(type: unknown): boolean {
  return HANDED_CLASSES.has(type) || (typeof type === 'function' && type.prototype instanceof ConnectionStates);
}

function payloadIndexes(hubClass: object, method: string): Set<number> {
  const payloads = Object.entries(readParams(hubClass, method)).filter(([key]) => key.startsWith(`${BODY_TYPE}:`));
  return new Set(payloads.map(([, { index }]) => index));
}
