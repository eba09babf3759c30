import type { IncomingMessage } from 'node:http';
import type { AccessTokenClaims } from '../../protocol/access-token.js';
import type { MessageData, MessageMetadata } from '../../protocol/message-data.js';
import { isJsonText, parseJson } from '../../protocol/json-text.js';
import { readRestBody } from './rest-body.js';
import { readContentType } from './rest-content-type.js';
import { readRestMetadata } from './rest-metadata.js';
import { restErrors } from './rest.errors.js';

/** The rest of a call whose token is good: what its headers and body say, checked in the service's order [rest-api 1]. */
export class RestRequest {
  /** As it was received; for the traffic record. */
  body?: Buffer;
  /** Of the bearer token that was accepted; for the traffic record. */
  tokenClaims?: AccessTokenClaims;

  constructor(
    readonly message: IncomingMessage,
    /** `http://host:port` as the caller addressed it. */
    readonly origin: string,
    /** Undecoded, without the query. */
    readonly rawPath: string,
  ) {}

  /** Throws 400 or 415 [rest-api 5.1]. */
  async data(): Promise<MessageData> {
    const { kind, decode } = await this.#read();
    const bytes = this.body!;
    if (kind === 'binary') return { kind, bytes };
    const text = decode(bytes);
    if (kind === 'text') return { kind, text };
    if (!isJsonText(text)) throw restErrors.badRequest('The request body is not a valid JSON.');
    return { kind, json: text };
  }

  /** The body of a bulk operation: 415 unless it is declared as JSON, undefined when it is not JSON. */
  async json(): Promise<unknown> {
    const { kind, decode } = await this.#read();
    if (kind !== 'json') throw restErrors.unsupportedMediaType('The content type must be application/json.');
    return parseJson(Buffer.from(decode(this.body!)))?.value;
  }

  /** From `X-WebPubSub-Metadata-*`; throws 400. Absent when there are none. */
  metadata(): MessageMetadata | undefined {
    return readRestMetadata(this.message.rawHeaders);
  }

  async #read(): Promise<ReturnType<typeof readContentType>> {
    const chunks = readRestBody(this.message);
    const contentType = readContentType(this.message.headers['content-type']);
    this.body = await chunks();
    return contentType;
  }
}
