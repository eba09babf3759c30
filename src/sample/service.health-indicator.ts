import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { WebPubSubServiceClient } from '@azure/web-pubsub';
import { InjectServiceClient } from '../library/service-client/service-client.tokens.js';
import { CHAT_HUB } from './chat.constants.js';

const TIMEOUT_MS = 3_000;

/** Whether the service answers its own health probe [rest-api 3]. */
@Injectable()
export class ServiceHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    @InjectServiceClient(CHAT_HUB) private readonly service: WebPubSubServiceClient,
  ) {}

  async isHealthy(key: string): Promise<HealthIndicatorResult> {
    const { endpoint } = this.service;
    const indicator = this.indicators.check(key);
    try {
      const { ok, status } = await fetch(new URL('/api/health', endpoint), {
        method: 'HEAD',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return ok
        ? indicator.up({ endpoint })
        : indicator.down({ endpoint, message: `It answered with status ${status}.` });
    } catch {
      return indicator.down({ endpoint, message: 'It does not answer.' });
    }
  }
}
