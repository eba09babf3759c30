import type { TunnelMoveMessage } from '../../protocol/tunnel-message.js';
import type { TunnelIdentity } from './tunnel-identity.js';

/**
 * One connected tunnel.
 *
 * @publicApi
 */
export interface TunnelStatus extends TunnelIdentity {
  /** Epoch milliseconds. */
  readonly connectedAt: number;
  readonly pendingRequests: number;
}

/**
 * Where a tool is to go; absent fields: where it was started to go.
 *
 * @publicApi
 */
export type TunnelMove = Omit<TunnelMoveMessage, 'kind'>;

/**
 * The connected tunnel tools, and what the service can tell them [tunnel 6]. Each method but `list` returns whether
 * there is such a connection.
 *
 * @publicApi
 */
export interface TunnelControl {
  /** Of one hub or of all, oldest first. */
  list(hub?: string): TunnelStatus[];
  /** Makes the tool replace that connection by a new one. */
  reconnect(connectionId: string, move?: TunnelMove): boolean;
  /** Makes the tool open one connection more. */
  rebalance(connectionId: string, move?: TunnelMove): boolean;
  /** Writes a line to the tool's log. */
  notify(connectionId: string, message: string): boolean;
  /** Ends that connection; the tool does not come back. */
  disconnect(connectionId: string, message?: string): boolean;
}
