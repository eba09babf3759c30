import { Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { HubSettings } from '../emulator/core/hub-settings.js';
import { WebPubSubEmulator } from '../emulator/web-pubsub-emulator.js';
import { CHAT_HUB, UPSTREAM_PATH } from './chat.constants.js';

/** The service inside this process, for as long as the application runs. */
export class EmbeddedEmulator implements BeforeApplicationShutdown {
  private constructor(private readonly emulator: WebPubSubEmulator) {}

  /** Rejects with an Error that says why the port cannot be had. */
  static async start(port: number, upstreamPort: number): Promise<EmbeddedEmulator> {
    try {
      const emulator = await WebPubSubEmulator.start({
        port,
        hubs: { [CHAT_HUB]: hubSettings(upstreamPort) },
        logger: new Logger('Emulator'),
      });
      return new EmbeddedEmulator(emulator);
    } catch (error) {
      throw new Error(`Emulator: ${(error as Error).message} WEB_PUBSUB_EMULATOR_PORT sets it.`, { cause: error });
    }
  }

  get connectionString(): string {
    return this.emulator.connectionString;
  }

  get inspectorUrl(): string {
    return `${this.emulator.endpoint}/inspector`;
  }

  /** For an application that learns its port only by listening. */
  deliverEventsTo(upstreamPort: number): void {
    this.emulator.setHub(CHAT_HUB, hubSettings(upstreamPort));
  }

  /** Before the HTTP server stops, so that its clients do not see the upstream go first. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.emulator.close();
  }
}

function hubSettings(upstreamPort: number): HubSettings {
  return {
    eventHandlers: [
      {
        urlTemplate: `http://localhost:${upstreamPort}${UPSTREAM_PATH}`,
        userEventPattern: '*',
        systemEvents: ['connect', 'connected', 'disconnected'],
      },
    ],
  };
}
