import type { Clock } from './core/clock.js';
import type { HubSettings } from './core/hub-settings.js';
import type { EmulatorLogger } from './emulator-logger.js';

/**
 * Options of `WebPubSubEmulator.start`; the JSON configuration file has the same names, without `unref`, `clock` and `logger`.
 *
 * @publicApi
 */
export interface EmulatorOptions {
  /** Default 8888; 0 takes any free port. */
  readonly port?: number | undefined;
  /**
   * Address to listen on. Default `127.0.0.1`: only this machine reaches the emulator. Beside a loopback address
   * (`127.0.0.0/8`, `::1`, `localhost`) it listens on both `127.0.0.1` and `::1` where the machine has them, since the
   * endpoint names `localhost` and some machines resolve that to `::1` first.
   */
  readonly host?: string | undefined;
  /** At least 32 bytes, no blanks at the ends, no `;`. Default: the well-known key of the emulator. */
  readonly accessKey?: string | undefined;
  /** A second key that verifies as the first does; events are signed with both. Default: none. */
  readonly secondaryAccessKey?: string | undefined;
  /**
   * What upstream is told as the service's host, in `WebHook-Request-Origin`. Default: the host of the endpoint. Another one
   * lets an application that is configured for its service in the cloud take events of the emulator.
   */
  readonly serviceHost?: string | undefined;
  /**
   * Whether REST accepts Microsoft Entra bearer tokens. Only their audience and lifetime are looked at, never the
   * signature: anyone can write such a token [auth 5]. Default false.
   */
  readonly allowUnvalidatedEntraTokens?: boolean | undefined;
  /**
   * Names beside `localhost` under which the inspector may be opened, also from other machines. It shows payloads and hands
   * out client tokens, so by default only this machine sees it.
   */
  readonly inspectorHosts?: readonly string[] | undefined;
  /** Settings by hub name. A hub that is not named here exists, with no event handlers. */
  readonly hubs?: Readonly<Record<string, HubSettings>> | undefined;
  /**
   * How long a reliable connection that lost its socket waits for its client. Milliseconds, at least 1; default 30 000, the
   * least the service promises [client-websocket 9].
   */
  readonly recoveryWindowMs?: number | undefined;
  /**
   * Whether a close frame without a code, which `stop()` of the official JavaScript client sends, ends a reliable connection
   * at once. Default false, as in the official emulator: such a connection can be recovered and is `disconnected` only when
   * its recovery window has passed [client-websocket 9].
   */
  readonly endsOnCloseWithoutCode?: boolean | undefined;
  /**
   * Waits before an event that upstream did not answer, or answered with 408 or 5xx, is sent again. Milliseconds; default
   * `[1_000, 3_000, 5_000]`, as the service has it [upstream-events 8.1]; `[]`: it is not sent again.
   */
  readonly upstreamRetryDelaysMs?: readonly number[] | undefined;
  /** Largest message a WebSocket client may send. Bytes; default 1 048 576 [client-websocket 12]. */
  readonly maxFrameBytes?: number | undefined;
  /**
   * Clients at a time, those that wait for their `connect` event or for recovery included, and the sockets of MQTT clients;
   * the next handshake is answered 429, that of an MQTT client which takes over its own session too. Default: no limit.
   */
  readonly maxConnections?: number | undefined;
  /** Whether the process may end while the emulator is open, as with `server.unref()`. Default false. */
  readonly unref?: boolean | undefined;
  /** Default: silent. */
  readonly logger?: EmulatorLogger | undefined;
  /** Default: the system's time. */
  readonly clock?: Clock | undefined;
}
