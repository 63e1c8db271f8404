// What travels: varints, messages of both lanes, frames and heads. Pure functions of bytes, no state.

export const HEAD = 1, DATA = 2, RESET = 3, STOP = 4;
export const END = 0x10, TRAILERS = 0x20, NO_CREDIT = 0x40;
export const CODE = { none: 0, cancelled: 1, failed: 2, refused: 4, protocol: 5, going: 6 };
export const FLOOR = 16 * 1024, MAX_MESSAGE = 128 * 1024, MAX_HEAD = 96 * 1024, MAX_DATA = 16 * 1024;

/** A rule of the sequence was broken: a resume would bring the same bytes again, so the session ends. Other errors end the link. */
export class ProtocolError extends Error {}
class Incomplete extends Error {}

export function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push(value % 128 | 128);
  return Buffer.from([...bytes, value]);
}

const text = (value) => Buffer.concat([varint(Buffer.byteLength(value)), Buffer.from(value)]);
const octets = (value) => Buffer.concat([varint(value.length), Buffer.from(value, 'latin1')]); // a header's value: each char is a byte
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class Reader {
  at = 0;
  constructor(bytes) { this.bytes = bytes; }
  get more() { return this.at < this.bytes.length; }

  take(count) {
    if (this.at + count > this.bytes.length) throw new Incomplete('the bytes end too early');
    return this.bytes.subarray(this.at, this.at += count);
  }

  varint(maxBytes = 10, max = Number.MAX_SAFE_INTEGER) {
    for (let i = 0, value = 0; i < maxBytes; i++) {
      const [byte] = this.take(1);
      value += (byte & 127) * 2 ** (7 * i);
      if (value > max) break;
      if (byte < 128) return value;
    }
    throw new ProtocolError('a number is too long');
  }

  text() { return utf8.decode(this.take(this.varint())); }
  octets() { return Buffer.from(this.take(this.varint())).toString('latin1'); }
}

// ---- messages of the data lane: a piece of the sequence

export function encodeMessage({ offset, ackWanted, bytes }) {
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32BE(Math.floor(offset / 2 ** 32) + (ackWanted ? 2 ** 30 : 0));
  prefix.writeUInt32BE(offset % 2 ** 32, 4);
  return Buffer.concat([prefix, bytes]);
}

export function decodeMessage(message) {
  if (message.length < 9) throw new Error('a message without a byte of the sequence');
  const high = message.readUInt32BE(0), offset = (high & 0x3fffffff) * 2 ** 32 + message.readUInt32BE(4);
  return { offset, ackWanted: (high & 0x40000000) !== 0, bytes: message.subarray(8) };
}

// ---- messages of the control lane: records

const RECORDS = [, ['ping', 'nonce'], ['pong', 'nonce'], ['ack', 'offset'],
  ['credit', 'stream', 'limit'], ['go-away', 'last', 'code'], ['close', 'code']];

export function encodeControl(records) {
  return Buffer.concat([Buffer.from([0x80]), ...records.flatMap((record) => {
    const type = RECORDS.findIndex((names) => names?.[0] === record.name);
    return [Buffer.from([type]), ...RECORDS[type].slice(1).map((field) => varint(record[field]))];
  })]);
}

export function decodeControl(message) {
  const reader = new Reader(message.subarray(1)), records = [];
  while (reader.more) {
    const [type] = reader.take(1);
    if (!RECORDS[type]) throw new Error(`control record ${type} is unknown`);
    const [name, ...fields] = RECORDS[type], record = { name };
    for (const field of fields) record[field] = reader.varint();
    records.push(record);
  }
  return records;
}

// ---- frames

export const encodeFrame = ({ type, flags, stream, payload }) =>
  Buffer.concat([Buffer.from([type | flags]), varint(stream), varint(payload.length), payload]);

const FLAGS = { [HEAD]: END | TRAILERS | NO_CREDIT, [DATA]: END, [RESET]: 0, [STOP]: 0 };

/** The first frame in the bytes and its size, or null while it is not all there. */
export function decodeFrame(bytes) {
  try {
    const reader = new Reader(bytes), [first] = reader.take(1), type = first & 15, flags = first & 0xf0;
    if (!(type in FLAGS) || flags & ~FLAGS[type]) throw new ProtocolError(`frame ${first} is unknown`);
    const stream = reader.varint(5, 0xffffffff), length = reader.varint(5, 0xffffffff);
    const fits = type === HEAD ? length <= MAX_HEAD : type === DATA ? length <= MAX_DATA : length === 1;
    if (stream === 0 || !fits) throw new ProtocolError(`a frame of stream ${stream} with ${length} bytes`);
    return { type, flags, stream, payload: reader.take(length), size: reader.at };
  } catch (error) {
    if (error instanceof Incomplete) return null;
    throw error;
  }
}

// ---- heads; their header lines are a list of [name, value], since a name may stand several times

export const NAMES = `
  Accept Accept-Charset Accept-Encoding Accept-Language Accept-Ranges Access-Control-Allow-Credentials Access-Control-Allow-Headers
  Access-Control-Allow-Methods Access-Control-Allow-Origin Access-Control-Expose-Headers Access-Control-Max-Age
  Access-Control-Request-Headers Access-Control-Request-Method Age Allow Alt-Svc Authorization baggage Cache-Control Connection
  Content-Disposition Content-Encoding Content-Language Content-Length Content-Location Content-Range Content-Security-Policy Content-Type
  Cookie Cross-Origin-Opener-Policy Cross-Origin-Resource-Policy Date DNT ETag Expect Expires Forwarded From grpc-accept-encoding
  grpc-encoding grpc-message grpc-status grpc-timeout Host If-Match If-Modified-Since If-None-Match If-Range If-Unmodified-Since
  Keep-Alive Last-Event-ID Last-Modified Link Location Origin Permissions-Policy Pragma Priority Proxy-Authenticate Proxy-Authorization
  Range Referer Referrer-Policy Retry-After Sec-CH-UA Sec-CH-UA-Mobile Sec-CH-UA-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site
  Sec-Fetch-User Sec-WebSocket-Accept Sec-WebSocket-Extensions Sec-WebSocket-Key Sec-WebSocket-Protocol Sec-WebSocket-Version Server
  Server-Timing Set-Cookie Strict-Transport-Security TE traceparent tracestate Trailer Transfer-Encoding Upgrade Upgrade-Insecure-Requests
  User-Agent Vary Via WWW-Authenticate X-Content-Type-Options X-Forwarded-For X-Forwarded-Host X-Forwarded-Prefix X-Forwarded-Proto
  X-Frame-Options X-Powered-By X-RateLimit-Limit X-RateLimit-Remaining X-RateLimit-Reset X-Request-ID X-Requested-With X-Robots-Tag
  X-XSRF-TOKEN X-XSS-Protection`.trim().split(/\s+/);
const LOWER = NAMES.map((name) => name.toLowerCase());

export const REQUEST = { bits: varint, tunnel: varint, service: text, method: text, target: text, prefix: varint,
  protocol: text, scheme: text, authority: text, address: text, port: varint };
export const RESPONSE = { status: varint, reason: text };

export const encodeHead = (shape, head) => Buffer.concat([
  ...Object.keys(shape).map((field) => shape[field](head[field])),
  ...head.headers.flatMap(([name, value]) => {
    const number = LOWER.indexOf(name.toLowerCase()) + 1;
    return [Buffer.from([number]), number ? Buffer.alloc(0) : text(name), octets(value)];
  })]);

export function decodeHead(shape, payload) {
  const reader = new Reader(payload), head = {}, headers = [];
  for (const field in shape) head[field] = shape[field] === text ? reader.text() : reader.varint();
  while (reader.more) {
    const [number] = reader.take(1), name = number ? NAMES[number - 1] : reader.text(), value = reader.octets();
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name ?? '') || /[\0\r\n]/.test(value)) throw new Error('a header line is malformed');
    headers.push([name, value]);
  }
  const { method = 'GET', target = '/', authority = '', prefix = 0, status = 200 } = head;
  const good = method && target.startsWith('/') && prefix <= target.length && status >= 100 && status <= 999;
  if (!good || /[\0-\x20\x7f]/.test(method + target + authority)) throw new Error('a head is malformed');
  return { ...head, headers };
}
