import { InspectorEndpoint } from '../inspector/inspector.endpoint.js';
import { formatConnectionString } from '../protocol/connection-string.js';
import { isLoopbackName } from '../protocol/loopback.js';
import { DEFAULT_ACCESS_KEY, type AccessKeys } from './access-keys.js';
import { ClientEndpoint } from './client/client.endpoint.js';
import { ConfigurationFile } from './configuration/configuration-file.js';
import { validateHubName, validateOptions } from './configuration/emulator-options.validator.js';
import { validateHubSettings } from './configuration/hub-settings.validator.js';
import { ConnectionLimit } from './connection-limit.js';
import { systemClock } from './core/clock.js';
import type { HubSettings } from './core/hub-settings.js';
import { HubRegistry } from './core/hub.registry.js';
import type { EmulatorContext } from './emulator-context.js';
import { silentLogger } from './emulator-logger.js';
import type { EmulatorOptions } from './emulator-options.js';
import { EmulatorServer, inUrl } from './emulator.server.js';
import type { UpgradeEndpoint } from './endpoint.js';
import { FaultEndpoint } from './faults/fault.endpoint.js';
import { FaultSwitches } from './faults/fault-switches.js';
import { TokenFaults } from './faults/token-faults.js';
import { interceptUpstream } from './faults/upstream-faults.js';
import { IdentityEndpoint } from './identity/identity.endpoint.js';
import { ManagedIdentity } from './identity/managed-identity.js';
import { MqttEndpoint } from './mqtt/mqtt.endpoint.js';
import { RestEndpoint } from './rest/rest.endpoint.js';
import { TrafficLog } from './traffic-log.js';
import type { TunnelControl } from './tunnel/tunnel-control.js';
import { TunnelEndpoint } from './tunnel/tunnel.endpoint.js';
import { EventListeners, type EventListener } from './upstream/event-listeners.js';
import { EventRouter } from './upstream/event.router.js';
import { HttpTransport } from './upstream/http.transport.js';

const DEFAULT_PORT = 8888;
const DEFAULT_HOST = '127.0.0.1';

/**
 * Azure Web PubSub on this machine: the service's REST API, its client endpoints and its calls to upstream, inside the
 * process that starts it. For local and test use only.
 *
 * @publicApi
 */
export class WebPubSubEmulator {
  /** What crossed the emulator's doors, newest kept. */
  readonly traffic: TrafficLog;
  /** Breaks things on purpose, for tests. */
  readonly faults: FaultSwitches;
  readonly #context: EmulatorContext;
  readonly #hubs: HubRegistry;
  readonly #listeners = new EventListeners();
  readonly #http = new HttpTransport();
  readonly #tunnels: TunnelEndpoint;
  readonly #router: EventRouter;
  /** The doors of clients; those of service clients and tools hold no connections of their own. */
  readonly #clientDoors: readonly UpgradeEndpoint[];
  readonly #server: EmulatorServer;
  readonly #host: string;
  #port: number;
  #file?: ConfigurationFile;
  #closed?: Promise<void>;

  private constructor(options: EmulatorOptions) {
    this.#host = options.host ?? DEFAULT_HOST;
    this.#port = options.port ?? DEFAULT_PORT;
    const clock = options.clock ?? systemClock;
    const logger = options.logger ?? silentLogger;
    this.traffic = new TrafficLog(() => clock.now());
    const context = { accessKeys: accessKeysOf(options), clock, logger, traffic: this.traffic };
    this.#context = context;

    this.faults = new FaultSwitches(
      context,
      () => this.#hubs,
      (hub) => this.#revalidate(hub),
    );
    this.#tunnels = new TunnelEndpoint(context);
    const identity = new ManagedIdentity(clock, () => this.endpoint);
    const transports = [this.#http, this.#tunnels];
    this.#router = new EventRouter(context, {
      transports,
      serviceHost: () => options.serviceHost ?? this.#hostName,
      interceptor: interceptUpstream(this.faults, clock),
      listeners: this.#listeners,
      identity,
      ...(options.upstreamRetryDelaysMs && { retryDelaysMs: options.upstreamRetryDelaysMs }),
    });
    this.#hubs = new HubRegistry(clock, this.#router);

    const limit = new ConnectionLimit(options.maxConnections);
    const clients = new ClientEndpoint(context, this.#hubs, limit, options);
    const mqttClients = new MqttEndpoint(context, this.#hubs, limit);
    this.#clientDoors = [clients, mqttClients].map((door) => new TokenFaults(door, this.faults, context));
    const allowUnvalidatedEntraTokens = options.allowUnvalidatedEntraTokens ?? false;
    if (allowUnvalidatedEntraTokens) logger.warn(ENTRA_WARNING);
    this.#server = new EmulatorServer(
      {
        requests: [
          new RestEndpoint(context, this.#hubs, { allowUnvalidatedEntraTokens }),
          new IdentityEndpoint(identity),
          new FaultEndpoint(context, this.faults),
          new InspectorEndpoint({
            context,
            hubs: this.#hubs,
            router: this.#router,
            transports,
            endpoint: () => this.endpoint,
            connectionString: () => this.connectionString,
            allowedHosts: options.inspectorHosts ?? [],
          }),
        ],
        upgrades: [...this.#clientDoors, this.#tunnels],
      },
      logger,
      options.unref ?? false,
    );
    for (const [name, settings] of Object.entries(options.hubs ?? {})) this.setHub(name, settings);
  }

  /**
   * Resolves when clients can connect. Rejects with an InvalidSettingError that names the field, or with an Error that says
   * why the port cannot be had.
   */
  static async start(options: EmulatorOptions = {}): Promise<WebPubSubEmulator> {
    const emulator = new WebPubSubEmulator(validateOptions(options));
    try {
      emulator.#port = await emulator.#server.listen(emulator.#host, emulator.#port);
      if (!isLoopbackName(emulator.#host)) emulator.#context.logger.warn(reachableWarning(emulator.#host));
    } catch (error) {
      await emulator.close();
      throw error;
    }
    return emulator;
  }

  /**
   * Starts with the settings of a JSON file and follows its changes: hub settings take effect at once, anything else at the
   * next start, which the log says. A file that is broken leaves the last good settings in force and is reported. `options`
   * go before what the file says. Rejects as `start` does, naming the file.
   */
  static async startFromFile(path: string, options: EmulatorOptions = {}): Promise<WebPubSubEmulator> {
    const file = new ConfigurationFile(path, options.logger ?? silentLogger, options);
    const configuration = await file.read();
    const emulator = await WebPubSubEmulator.start({
      ...configuration,
      ...options,
      hubs: { ...configuration.hubs, ...options.hubs },
    });
    emulator.#file = file;
    file.watch((name, settings) => emulator.setHub(name, settings));
    return emulator;
  }

  /** The one chosen when port 0 was asked for. */
  get port(): number {
    return this.#port;
  }

  /** `http://localhost:8888`: names `localhost` when only this machine reaches the emulator. */
  get endpoint(): string {
    return `http://${inUrl(this.#hostName)}:${this.#port}`;
  }

  /** For service clients and for the module's options; holds the first access key. */
  get connectionString(): string {
    return formatConnectionString({ endpoint: this.endpoint, accessKey: this.#context.accessKeys.primary });
  }

  /** The connected tunnel tools. */
  get tunnels(): TunnelControl {
    return this.#tunnels;
  }

  /**
   * Replaces the settings of a hub at once; connections stay, the next event follows the new settings. `{}` takes them
   * away. Throws an InvalidSettingError that names the field.
   */
  setHub(name: string, settings: HubSettings): void {
    validateHubName(name, 'name');
    this.#hubs.get(name).settings = validateHubSettings(settings, `hubs.${name}`);
  }

  /**
   * Hears events of clients inside the process, in the place of the service's Event Hubs listeners: `connected`,
   * `disconnected`, or a pattern of user events (`message`, `*`, names with commas between). A user event that only a
   * listener hears succeeds without a reply. Returns the function that takes the listener away.
   */
  on(eventName: string, listener: EventListener, options?: { readonly hub?: string }): () => void {
    return this.#listeners.on(eventName, listener, options);
  }

  /**
   * Resolves when nothing is going on: frames, events and REST calls that were under way have arrived, both ways, and have
   * been dealt with, and nothing has followed from them. Frames held by a fault switch are not waited for.
   */
  async idle(): Promise<void> {
    for (let seen = -1; seen !== this.traffic.lastId;) {
      seen = this.traffic.lastId;
      await Promise.all(this.#clientDoors.map(async (door) => door.idle?.()));
      await Promise.all([this.#router.idle(), this.#server.idle()]);
    }
  }

  /** Ends every connection and every call; resolves when nothing is open any more. Calling it again is harmless. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Clients go first: the events of their going may still travel to upstream, through a tunnel among others. */
  async #close(): Promise<void> {
    this.#file?.close();
    this.faults.clear();
    await Promise.all(this.#clientDoors.map((door) => door.close()));
    await this.#router.close();
    await Promise.all([this.#tunnels.close(), this.#http.close(), this.#server.close()]);
  }

  #revalidate(name: string | undefined): void {
    for (const hub of this.#hubs) {
      // It reports in the record and to the log; nobody waits for it here.
      if (name === undefined || hub === this.#hubs.find(name)) void this.#router.restartValidation(hub).catch(() => {});
    }
  }

  get #hostName(): string {
    const reachesAny = this.#host === '0.0.0.0' || this.#host === '::';
    return isLoopbackName(this.#host) || reachesAny ? 'localhost' : this.#host;
  }
}

const ENTRA_WARNING =
  'allowUnvalidatedEntraTokens is on: REST accepts any bearer token for https://webpubsub.azure.com WITHOUT CHECKING ITS ' +
  'SIGNATURE. Whoever reaches the emulator can do everything.';

function reachableWarning(host: string): string {
  return `The emulator listens on ${host}: other machines reach it. It is for local and test use only.`;
}

function accessKeysOf(options: EmulatorOptions): AccessKeys {
  const primary = options.accessKey ?? DEFAULT_ACCESS_KEY;
  return options.secondaryAccessKey === undefined ? { primary } : { primary, secondary: options.secondaryAccessKey };
}
