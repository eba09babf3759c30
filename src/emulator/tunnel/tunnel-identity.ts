/** Who opened the connection, and for what. */
export interface TunnelIdentity {
  readonly connectionId: string;
  /** Canonical name. */
  readonly hub: string;
  /** `sub` of the token: one per tool process, however many connections it has. */
  readonly serverId?: string;
  /** The instance a `Reconnect` or `Rebalance` sent it to; of no effect here. */
  readonly target?: string;
}
