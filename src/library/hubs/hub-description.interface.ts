/**
 * What an application serves of one hub; what an event handler's setting at the service should say.
 *
 * @publicApi
 */
export interface HubDescription {
  readonly hub: string;
  /** The path that receives events, such as `/eventhandler`. */
  readonly path: string;
  /** Those of `connect`, `connected` and `disconnected` that are handled. */
  readonly systemEvents: readonly ('connect' | 'connected' | 'disconnected')[];
  /** Those of `joined` and `left` that are handled. */
  readonly groupEvents: readonly ('joined' | 'left')[];
  /** Names of user events; `'*'` when all are handled. */
  readonly userEvents: readonly string[];
  /** Which method handles what, such as `{ event: 'message', kind: 'user', handler: 'ChatHub.message' }`. */
  readonly handlers: readonly {
    readonly kind: 'system' | 'group' | 'user';
    readonly event: string;
    readonly handler: string;
  }[];
}
