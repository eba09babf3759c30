import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { AzureKeyCredential } from '@azure/web-pubsub';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';

/** The access key of the service, from a file that a secret store keeps up to date. */
@Injectable()
export class ServiceKey implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(ServiceKey.name);
  private readonly file = process.env['WEB_PUBSUB_KEY_FILE'] ?? '/run/secrets/web-pubsub-key';
  readonly credential = new AzureKeyCredential(this.read());

  onModuleInit(): void {
    watchFile(this.file, { interval: 5_000, persistent: false }, () => this.reload());
  }

  onModuleDestroy(): void {
    unwatchFile(this.file);
  }

  /** From the next event, the next call and the next client URL on, the new key counts. */
  reload(): void {
    const key = this.read();
    if (key === '' || key === this.credential.key) return;
    this.credential.update(key);
    this.logger.log('The access key of the service has changed.');
  }

  private read(): string {
    return readFileSync(this.file, 'utf8').trim();
  }
}
