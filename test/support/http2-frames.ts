const TYPES = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6 };
const END_HEADERS = 4;
const STREAM = 1;

/** Frames of one connection with one stream, for what no HTTP/2 client would send [RFC 9113 4.1, 6]. */
export const http2Frames = {
  reset: (code: number): Buffer => frame(TYPES.reset, STREAM, Buffer.from([0, 0, 0, code])),
  ping: (): Buffer => frame(TYPES.ping, 0, Buffer.alloc(8)),
};

/** The bytes of a connection up to a POST whose body has begun and does not end; names and values have at most 126 bytes. */
export function endlessRequest(path: string, headers: Readonly<Record<string, string>>, body: string): Buffer {
  const fields = { ':method': 'POST', ':path': path, ':scheme': 'http', ':authority': 'localhost', ...headers };
  const head = Buffer.concat(Object.entries(fields).map(([name, value]) => encodeField(name, value)));
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame(TYPES.settings, 0, Buffer.alloc(0)),
    frame(TYPES.headers, STREAM, head, END_HEADERS),
    frame(TYPES.data, STREAM, Buffer.from(body)),
  ]);
}

function frame(type: number, stream: number, payload: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** As literals that no table keeps [RFC 7541 6.2.2]. */
function encodeField(name: string, value: string): Buffer {
  const text = (content: string) => [Buffer.from([content.length]), Buffer.from(content, 'latin1')];
  return Buffer.concat([Buffer.from([0]), ...text(name), ...text(value)]);
}
