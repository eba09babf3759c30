import { findParamReader, readData, type ParamReader } from '../decorators/event-params.decorators.js';
import type { HubRequest } from '../requests/hub.request.js';

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

/**
 * Where a parameter says `Uint8Array`, metadata will say `Buffer`, which payloads of bytes are: `ValidationPipe` leaves
 * buffers alone and would take any other class for the shape of an object.
 */
export function declareBytesAsBuffers(hubClass: Function, method: string): void {
  for (let prototype = hubClass.prototype as object | null; prototype; prototype = Reflect.getPrototypeOf(prototype)) {
    const types = Reflect.getOwnMetadata(PARAMTYPES_METADATA, prototype, method) as unknown[] | undefined;
    if (!types) continue;
    const declared = types.map((type) => (type === Uint8Array ? Buffer : type));
    Reflect.defineMetadata(PARAMTYPES_METADATA, declared, prototype, method);
    return;
  }
}
