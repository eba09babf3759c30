import { type BeforeApplicationShutdown, Global, Injectable, Module } from '@nestjs/common';
import type { UpstreamAttachment } from './upstream/upstream.attachment.js';
import type { UpstreamEndpoint } from './upstream/upstream.endpoint.js';

/** How long the application waits, when it closes, for events that are being handled. */
const SHUTDOWN_PATIENCE_MS = 10_000;

/** What each `WebPubSubModule` of the application serves events by. */
interface Upstream {
  readonly attachment: UpstreamAttachment;
  readonly endpoint: UpstreamEndpoint;
}

/** Ends the service of events when the application closes. */
@Injectable()
export class GracefulShutdown implements BeforeApplicationShutdown {
  readonly #upstreams: Upstream[] = [];

  add(upstream: Upstream): void {
    this.#upstreams.push(upstream);
  }

  /**
   * Next Nest would close the server: that it listens no longer while events are being handled lets a successor have the
   * port.
   */
  async beforeApplicationShutdown(): Promise<void> {
    for (const { attachment } of this.#upstreams) attachment.stopListening();
    await Promise.all(this.#upstreams.map(({ endpoint }) => endpoint.drain(SHUTDOWN_PATIENCE_MS)));
  }
}

/**
 * Global, whatever `WebPubSubModule` is: Nest tells global modules last, so that others can still do with events what they
 * do when they end, and wait for a load balancer.
 */
@Global()
@Module({ providers: [GracefulShutdown], exports: [GracefulShutdown] })
export class GracefulShutdownModule {}
