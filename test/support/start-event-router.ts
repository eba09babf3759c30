import type { AccessKeys } from '../../src/emulator/access-keys.js';
import { ClientConnection } from '../../src/emulator/core/client-connection.js';
import type { ScheduledCall } from '../../src/emulator/core/clock.js';
import type { ConnectDetails } from '../../src/emulator/core/event-sink.js';
import type { HubSettings } from '../../src/emulator/core/hub-settings.js';
import type { Hub } from '../../src/emulator/core/hub.js';
import { ConnectionPermissions } from '../../src/emulator/core/permissions.js';
import { HubRegistry } from '../../src/emulator/core/hub.registry.js';
import type { EmulatorContext } from '../../src/emulator/emulator-context.js';
import { TrafficLog, type UpstreamTraffic } from '../../src/emulator/traffic-log.js';
import { EventRouter, type EventRouterOptions } from '../../src/emulator/upstream/event.router.js';
import { HttpTransport } from '../../src/emulator/upstream/http.transport.js';
import { FakeClock } from './fake-clock.js';

export const PRIMARY_KEY = 'primary-key-for-docs-0123456789abcdef';
export const SECONDARY_KEY = 'secondary-key-for-docs-0123456789abcd';
/** Of the reference's test vector for signatures [upstream-events 7]. */
export const CONNECTION_ID = 'Zk3vQ9yT1uJr8aXbN0pLwA1f2d3c4e5';

export const EMPTY_CONNECT: ConnectDetails = {
  claims: {},
  query: {},
  headers: {},
  subprotocols: [],
  clientCertificates: [],
};

/** Stands still, but jumps over the waits between attempts as soon as they begin. */
export class WaitSkippingClock extends FakeClock {
  /** Milliseconds of each wait. */
  readonly skipped: number[] = [];

  override schedule(delayMs: number, callback: () => void): ScheduledCall {
    const call = super.schedule(delayMs, callback);
    if (delayMs <= LONGEST_WAIT_MS) {
      this.skipped.push(delayMs);
      setImmediate(() => this.advance(delayMs));
    }
    return call;
  }
}

const LONGEST_WAIT_MS = 5_000;
const START = Date.UTC(2026, 2, 4, 5, 6, 7, 890);

export interface StartedRouterOptions extends Partial<EventRouterOptions> {
  readonly accessKeys?: AccessKeys;
  readonly clock?: FakeClock;
}

/** An event router over real HTTP, with a clock that jumps over waits, and connections made by hand. */
export class StartedRouter {
  readonly clock: FakeClock;
  readonly warnings: string[] = [];
  readonly router: EventRouter;
  readonly hub: Hub;
  readonly hubs: HubRegistry;
  readonly #traffic: TrafficLog;
  readonly #transport = new HttpTransport();

  constructor(settings: HubSettings, options: StartedRouterOptions = {}) {
    const { accessKeys = { primary: PRIMARY_KEY }, clock = new WaitSkippingClock(START), ...others } = options;
    this.clock = clock;
    this.#traffic = new TrafficLog(() => clock.now());
    const warn = (message: string): void => void this.warnings.push(message);
    const context: EmulatorContext = {
      accessKeys,
      clock,
      logger: { log() {}, warn, error: warn },
      traffic: this.#traffic,
    };
    this.router = new EventRouter(context, {
      transports: [this.#transport],
      serviceHost: () => 'demo.webpubsub.azure.com',
      ...others,
    });
    this.hubs = new HubRegistry(this.clock, this.router);
    this.hub = this.hubs.get('Chat');
    this.hub.settings = settings;
  }

  connection(connectionId = CONNECTION_ID, fields: Partial<ClientConnection> = {}): ClientConnection {
    const permissions = new ConnectionPermissions([]);
    return Object.assign(new ClientConnection(this.hub, connectionId, permissions), fields);
  }

  get traffic(): UpstreamTraffic[] {
    return this.#traffic.entries().filter((entry) => entry.door === 'upstream');
  }

  async close(): Promise<void> {
    await this.router.close();
    await this.#transport.close();
  }
}
