import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { generate } from 'mqtt-packet';
import type { Opcode } from '../raw-web-socket.js';

export interface PublisherFrame {
  readonly opcode: Opcode;
  readonly payload: Uint8Array;
  /** Of reliable subprotocols: the frame that acknowledges all up to a sequence id. */
  readonly acknowledge?: (sequenceId: number) => Uint8Array;
}

/** How a client of that subprotocol says "send this text to the group"; without one, the bare text. */
export function encodeSendToGroup(subprotocol: string | undefined, group: string, text: string): PublisherFrame {
  if (!subprotocol) return { opcode: 1, payload: Buffer.from(text) };
  if (subprotocol === 'mqtt') {
    const packet = { cmd: 'publish', topic: group, payload: text, qos: 0, dup: false, retain: false } as const;
    return { opcode: 2, payload: generate(packet, { protocolVersion: 5 }) };
  }
  const isReliable = subprotocol.includes('reliable');
  if (subprotocol.startsWith('json')) {
    return {
      opcode: 1,
      payload: Buffer.from(JSON.stringify({ type: 'sendToGroup', group, dataType: 'text', data: text, noEcho: true })),
      ...(isReliable && {
        acknowledge: (sequenceId: number) => Buffer.from(JSON.stringify({ type: 'sequenceAck', sequenceId })),
      }),
    };
  }
  // [client-websocket 10] send_to_group_message = 1 { group = 1, data = 3 { text_data = 1 } }
  const message = new BinaryWriter().uint32(10).fork().uint32(10).string(group);
  message.uint32(26).fork().uint32(10).string(text).join().join();
  return {
    opcode: 2,
    payload: message.finish(),
    ...(isReliable && {
      acknowledge: (sequenceId: number) =>
        new BinaryWriter().uint32(66).fork().uint32(8).uint64(sequenceId).join().finish(),
    }),
  };
}

/** With this an MQTT client begins. */
export function encodeMqttConnect(clientId: string): Uint8Array {
  return generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clientId, clean: true, keepalive: 0 });
}
