import type { Packet } from 'mqtt-packet';
import type { MqttExchange } from '../mqtt-exchange.js';
import { hasRepeatedProperty } from '../packet-properties.js';
import { REASON_CODES } from '../reason-codes.js';
import { handleDisconnect } from './disconnect.handler.js';
import { handlePingreq } from './pingreq.handler.js';
import { handlePuback } from './puback.handler.js';
import { handlePubcomp } from './pubcomp.handler.js';
import { handlePublish } from './publish.handler.js';
import { handlePubrec } from './pubrec.handler.js';
import { handlePubrel } from './pubrel.handler.js';
import { handleSubscribe } from './subscribe.handler.js';
import { handleUnsubscribe } from './unsubscribe.handler.js';

/** What a client may send after its CONNECT. */
export function handlePacket(packet: Packet, exchange: MqttExchange): void | Promise<void> {
  if (hasRepeatedProperty(packet)) {
    return exchange.socket.disconnect(REASON_CODES.protocolError, 'A property comes more than once.');
  }
  switch (packet.cmd) {
    case 'publish':
      return handlePublish(packet, exchange);
    case 'puback':
      return handlePuback(packet, exchange);
    case 'pubrec':
      return handlePubrec(packet, exchange);
    case 'pubrel':
      return handlePubrel(packet, exchange);
    case 'pubcomp':
      return handlePubcomp(packet, exchange);
    case 'subscribe':
      return handleSubscribe(packet, exchange);
    case 'unsubscribe':
      return handleUnsubscribe(packet, exchange);
    case 'pingreq':
      return handlePingreq(packet, exchange);
    case 'disconnect':
      return handleDisconnect(packet, exchange);
    default:
      return exchange.socket.disconnect(REASON_CODES.protocolError, `${packet.cmd.toUpperCase()} is out of place.`);
  }
}
