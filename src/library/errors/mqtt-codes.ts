/** HTTP statuses that go with CONNACK codes [upstream-events 6.6]: return codes of MQTT 3.1.1, reason codes of 5.0. */
const STATUS_BY_CODE: Readonly<Record<number, number>> = {
  1: 400,
  2: 400,
  3: 503,
  4: 401,
  5: 401,
  128: 500,
  129: 400,
  130: 400,
  131: 400,
  132: 400,
  133: 400,
  134: 401,
  135: 401,
  136: 500,
  137: 500,
  138: 403,
  140: 400,
  144: 400,
  149: 400,
  151: 429,
  153: 400,
  154: 400,
  155: 400,
  156: 500,
  157: 500,
  159: 429,
};

/** The code for a status, as [MQTT 3.1.1, MQTT 5.0]. */
const CODES_BY_STATUS: Readonly<Record<number, readonly [number, number]>> = {
  400: [4, 134],
  401: [5, 135],
  403: [5, 135],
  429: [3, 151],
  503: [3, 136],
};
const OTHER_CODES = [3, 128] as const;

/** 500 for a code that neither version has. */
export function statusOfMqttCode(code: number): number {
  return STATUS_BY_CODE[code] ?? 500;
}

export function mqttCodeOfStatus(status: number, protocolVersion: 4 | 5): number {
  return (CODES_BY_STATUS[status] ?? OTHER_CODES)[protocolVersion === 4 ? 0 : 1];
}

/** Whether the protocol version has the code. */
export function isMqttCode(code: number, protocolVersion: 4 | 5): boolean {
  return code in STATUS_BY_CODE && code < 128 === (protocolVersion === 4);
}
