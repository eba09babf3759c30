/**
 * Settings of a hub, in the names of the ARM resource `Microsoft.SignalRService/webPubSub/hubs`.
 *
 * @publicApi
 */
export interface HubSettings {
  /** Tried in order; the first that matches an event gets it [upstream-events 1]. Default: none. */
  readonly eventHandlers?: readonly EventHandlerSettings[] | undefined;
  /** Whether a client without an access token may connect. Default `deny`. */
  readonly anonymousConnectPolicy?: 'allow' | 'deny' | undefined;
  /** Seconds between the pings sent to a WebSocket client: 1 to 120. Default 20. */
  readonly webSocketKeepAliveIntervalInSeconds?: number | undefined;
}

/**
 * Which events of a hub go where.
 *
 * @publicApi
 */
export interface EventHandlerSettings {
  /**
   * Absolute `http:`, `https:` or `tunnel:///` URL; `{hub}` and `{event}` are replaced, not in the host
   * [upstream-events 2].
   */
  readonly urlTemplate: string;
  /** `*`, one event name, or several with commas between. Absent or empty: no user event. */
  readonly userEventPattern?: string | undefined;
  /** Default: none. */
  readonly systemEvents?: readonly SystemEventName[] | undefined;
  /** Default `None`. */
  readonly auth?: EventHandlerAuth | undefined;
}

/**
 * `joined` and `left` are the group presence events, which no published setting names yet [assumed].
 *
 * @publicApi
 */
export type SystemEventName = 'connect' | 'connected' | 'disconnected' | 'joined' | 'left';

/**
 * How the emulator proves itself to upstream: not at all, or by the bearer token of a managed identity [auth 9.3].
 *
 * @publicApi
 */
export type EventHandlerAuth =
  | { readonly type: 'None' }
  | { readonly type: 'ManagedIdentity'; readonly managedIdentity: { readonly resource: string } };
