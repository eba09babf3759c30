import { types } from 'node:util';

/** What the conventions of OpenTelemetry say of an error without a type. */
const OTHER = '_OTHER';
const FRAME = /^\s+at .+$/;

/** The class of an error. Neither message nor name, which may hold anything. */
export function errorTypeOf(error: unknown): string {
  return (types.isNativeError(error) && error.constructor.name) || OTHER;
}

/** Where an error comes from: the frames of its stack without the message above them. */
export function stackFramesOf(error: unknown): string | undefined {
  if (!types.isNativeError(error) || typeof error.stack !== 'string') return undefined;
  const { stack, message } = error;
  const end = stack.indexOf(message) + message.length;
  const frames = stack
    .slice(end)
    .split('\n')
    .filter((line) => FRAME.test(line));
  return frames.length === 0 ? undefined : frames.join('\n');
}
