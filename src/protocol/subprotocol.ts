import { jsonCodec } from './json.codec.js';
import { protobufCodec } from './protobuf.codec.js';
import type { SubprotocolCodec } from './subprotocol-codec.js';

/** A subprotocol of the service; whoever negotiates none of these is a simple client [client-websocket 1.3]. */
export interface Subprotocol {
  readonly name: string;
  /** Data messages are numbered and kept until acknowledged; the connection survives its socket. */
  readonly isReliable: boolean;
  readonly codec: SubprotocolCodec;
}

const SUBPROTOCOLS: ReadonlyMap<string, Subprotocol> = new Map(
  [
    { name: 'json.webpubsub.azure.v1', isReliable: false, codec: jsonCodec },
    { name: 'json.reliable.webpubsub.azure.v1', isReliable: true, codec: jsonCodec },
    { name: 'protobuf.webpubsub.azure.v1', isReliable: false, codec: protobufCodec },
    { name: 'protobuf.reliable.webpubsub.azure.v1', isReliable: true, codec: protobufCodec },
  ].map((subprotocol) => [subprotocol.name, subprotocol]),
);

/** Names compare without regard to case. */
export function findSubprotocol(name: string): Subprotocol | undefined {
  return SUBPROTOCOLS.get(name.toLowerCase());
}

/** The first of the service's own names, in the order and the spelling of the client. */
export function selectSubprotocol(offered: readonly string[]): string | undefined {
  return offered.find((name) => findSubprotocol(name) !== undefined);
}
