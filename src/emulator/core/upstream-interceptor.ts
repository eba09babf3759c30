import type { UpstreamRequest, UpstreamResponse } from './upstream-transport.js';

/** One attempt at calling upstream, before it leaves. */
export interface UpstreamCall {
  readonly purpose: 'event' | 'validation';
  readonly hub: string;
  /** `validate` for a validation. */
  readonly eventName: string;
  /** Absent for a validation. */
  readonly connectionId?: string;
  /** Counts from 1. */
  readonly attempt: number;
  readonly request: UpstreamRequest;
  /** Aborted when the client has gone, when the time is up, or when the emulator closes; a delay must end with it. */
  readonly signal: AbortSignal;
  /** Says in words what was done to this call; the words stand in its traffic entry. */
  noteFault(fault: string): void;
}

/**
 * Stands between the emulator's calls to upstream and their transport, for every attempt: delays, fails, repeats or
 * answers them. `send` may be called any number of times. What it returns or throws counts as upstream's answer or as
 * the transport's failure: throw an UpstreamUnreachableError for a broken connection.
 */
export type UpstreamInterceptor = (
  call: UpstreamCall,
  send: () => Promise<UpstreamResponse>,
) => Promise<UpstreamResponse>;
