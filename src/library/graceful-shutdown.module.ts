import { type BeforeApplicationShutdown, Global, Injectable, Module } from '@nestjs/common';
import type { UpstreamAttachment } from './upstream/upstream.attachment.js';
import type { UpstreamEndpoint } from './upstream/upstream.endpoint.js';
import { GRACEFUL_SHUTDOWN } from './web-pubsub.constants.js';

/** What each `WebPubSubModule` of the application serves events by. */
interface Upstream {
  readonly attachment: UpstreamAttachment;
  readonly endpoint: UpstreamEndpoint;
}

/** Ends the service of events when the application closes. */
@Injectable()
export class GracefulShutdown implements BeforeApplicationShutdown {
  /** How long the application waits, when it closes, for events that are being handled; the test kit makes it shorter. */
  patienceMs = 10_000;
  readonly #upstreams: Upstream[] = [];
  #hasBegun = false;

  /** Whether the application closes, or has closed: it takes no events any more. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  add(upstream: Upstream): void {
    this.#upstreams.push(upstream);
  }

  /**
   * Next Nest would close the server: that it listens no longer while events are being handled lets a successor have the
   * port.
   */
  async beforeApplicationShutdown(): Promise<void> {
    this.#hasBegun = true;
    for (const { attachment } of this.#upstreams) attachment.stopListening();
    await Promise.all(this.#upstreams.map(({ endpoint }) => endpoint.drain(this.patienceMs)));
  }
}

/**
 * Global, whatever `WebPubSubModule` is: Nest tells global modules last, so that others can still do with events what they
 * do when they end, and wait for a load balancer.
 */
@Global()
@Module({
  providers: [GracefulShutdown, { provide: GRACEFUL_SHUTDOWN, useExisting: GracefulShutdown }],
  exports: [GracefulShutdown],
})
export class GracefulShutdownModule {}
