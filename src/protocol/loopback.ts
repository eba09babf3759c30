const LOOPBACK_ADDRESS = /^(::1|(::ffff:)?127(\.\d{1,3}){3})$/i;
const LOOPBACK_NAME = /^(localhost|::1|\[::1\]|127(\.\d{1,3}){3})$/i;

/** Names of this machine that each stand for the others, as URLs write them. */
export const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Whether an IP address, as sockets name it, is of the loopback interface: of `127.0.0.0/8`, also within IPv6, or `::1`. */
export function isLoopbackAddress(address: string): boolean {
  return LOOPBACK_ADDRESS.test(address);
}

/**
 * Whether a host is this machine by its very name: `localhost`, `::1` with brackets or without, or of `127.0.0.0/8`. Names
 * below `localhost` are not among them, since some resolvers ask the network for those.
 */
export function isLoopbackName(host: string): boolean {
  return LOOPBACK_NAME.test(host);
}
