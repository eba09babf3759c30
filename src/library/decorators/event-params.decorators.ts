import { Body, createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import type { ConnectionContext } from '../requests/connection-context.js';
import type { HubRequest } from '../requests/hub.request.js';
import { requestOf } from '../hubs/hub-execution-context.js';

/** A pipe, as an instance or as a class that Nest makes; from NestJS 12 on also `{ schema }`, see `EventData`. */
type ParamPipe = Type<PipeTransform> | PipeTransform | ParamOptions;

/** What NestJS 12 takes in the place of a pipe; `schema` is a Standard Schema, for `StandardSchemaValidationPipe`. */
interface ParamOptions {
  readonly schema?: unknown;
  readonly pipes?: readonly (Type<PipeTransform> | PipeTransform)[];
}

/** What a parameter decorator takes from a request. */
export type ParamReader = (request: HubRequest, property: unknown) => unknown;

const readRequest: ParamReader = (request) => request;

const readConnection: ParamReader = ({ context }, property) =>
  typeof property === 'string' ? context[property as keyof ConnectionContext] : context;

const readStates: ParamReader = ({ context }, name) =>
  typeof name === 'string' ? context.states.get(name) : context.states;

/** The payload of a user event, or a property of it. */
export const readData: ParamReader = (request, property) => {
  const { data } = request as { data?: unknown };
  if (property === undefined || property === null) return data;
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[property as string] : undefined;
};

type ParamFactory = (property: unknown, context: ExecutionContext) => unknown;

/** Readers by what Nest keeps of the decorators below: a handler without enhancers is called without Nest. */
const readersByFactory = new WeakMap<object, ParamReader>();

/** The reader of a parameter decorator of this copy of the package, by the factory that Nest keeps of it. */
export function findParamReader(factory: object): ParamReader | undefined {
  return readersByFactory.get(factory);
}

function createEventParamDecorator(reader: ParamReader) {
  const factory: ParamFactory = (property, context) => reader(requestOf(context), property);
  readersByFactory.set(factory, reader);
  return createParamDecorator(factory);
}

/**
 * The whole request, the same that a handler without parameter decorators gets.
 *
 * @publicApi
 */
export const EventRequest = createEventParamDecorator(readRequest) as (...pipes: ParamPipe[]) => ParameterDecorator;

/**
 * The context of the event, or a property of it: `@Connection('userId') userId: string | undefined`.
 *
 * @publicApi
 */
export const Connection = createEventParamDecorator(readConnection) as (
  property?: keyof ConnectionContext | ParamPipe,
  ...pipes: ParamPipe[]
) => ParameterDecorator;

/**
 * The connection states, or the value of one: `@States('room') room: string | undefined`.
 *
 * @publicApi
 */
export const States = createEventParamDecorator(readStates) as (
  name?: string | ParamPipe,
  ...pipes: ParamPipe[]
) => ParameterDecorator;

/**
 * The payload of a user event, or a property of it; `undefined` for other events. It counts as a request's body, so that
 * `ValidationPipe` validates it: a parameter type that is a class with class-validator's decorators is a payload's shape.
 * With NestJS 12, `@EventData({ schema })` hands a Standard Schema to `StandardSchemaValidationPipe`.
 *
 * @publicApi
 */
export const EventData = Body as unknown as (
  property?: string | ParamPipe,
  ...pipes: ParamPipe[]
) => ParameterDecorator;
