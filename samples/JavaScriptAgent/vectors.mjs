// Checks this sample against every vector of PROTOCOL.md:  node vectors.mjs [path of PROTOCOL.md]
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { fingerprint, Identity, isSigned, serverId } from './identity.mjs';
import { Session } from './session.mjs';
import * as wire from './wire.mjs';

const document = readFileSync(process.argv[2] ?? new URL('../../src/Tunnel.Wire/PROTOCOL.md', import.meta.url), 'utf8');
const block = (name) => document.match(new RegExp('^```' + name + '\\r?\\n([^]*?)\\r?\\n```', 'm'))[1].split(/\r?\n/);
const divide = (line, at) => [line.slice(0, line.indexOf(at)), line.slice(line.indexOf(at) + at.length)];
const bytesOf = (hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

let checks = 0, wrong = 0;
function check(what, actual, expected) {
  checks++;
  if (isDeepStrictEqual(actual, expected)) return;
  wrong++;
  console.log(`${what}\n  expected`, expected, '\n  but got ', actual);
}

// ---- vectors: words are turned into what the sample's functions take and give

const FRAMES = { head: wire.HEAD, data: wire.DATA, reset: wire.RESET, stop: wire.STOP };
const FLAGS = { end: wire.END, trailers: wire.TRAILERS, 'no-credit': wire.NO_CREDIT };

const head = (shape) => [(words) => {
  const count = Object.keys(shape).length;
  return { ...Object.fromEntries(words.slice(0, count)), headers: words.slice(count).map(([name, value]) => [name, value.toString('latin1')]) };
}, (value) => wire.encodeHead(shape, value), (bytes) => {
  const { headers, ...fields } = wire.decodeHead(shape, bytes);
  return { ...fields, headers: headers.map(([name, value]) => [name.toLowerCase(), value]) };
}];

const kinds = { // from words, encode, decode
  frame: [([[what], [, stream], [key, value]]) => {
    const [type, ...flags] = what.split('+');
    const payload = key === 'code' ? Buffer.from([value]) : Buffer.from(value);
    return { type: FRAMES[type], flags: flags.reduce((sum, flag) => sum | FLAGS[flag], 0), stream, payload };
  }, wire.encodeFrame, (bytes) => {
    const { size, ...frame } = wire.decodeFrame(bytes);
    return { ...frame, payload: Buffer.from(frame.payload) };
  }],
  control: [(words) => {
    const records = [];
    for (const [key, value] of words) if (value === undefined) records.push({ name: key }); else records.at(-1)[key] = value;
    return records;
  }, wire.encodeControl, wire.decodeControl],
  message: [([[, offset], [, ackWanted], [, hex]]) => ({ offset, ackWanted: ackWanted === 'yes', bytes: bytesOf(`${hex}`) }),
    wire.encodeMessage, (bytes) => wire.decodeMessage(bytes)],
  'request-head': head(wire.REQUEST),
  'response-head': head(wire.RESPONSE),
};

function valueOf(word) {
  if (word.startsWith('"')) return word.slice(1, -1);
  if (word.startsWith('hex:')) return bytesOf(word.slice(4));
  return /^\d+$/.test(word) ? Number(word) : word;
}

for (const line of block('vectors')) {
  const [hex, meaning] = divide(line, ' = '), [kind, fields] = divide(meaning, ' ');
  const words = [...fields.matchAll(/([^\s=]+)(?:=("[^"]*"|\S+))?/g)]
    .map(([, key, word]) => word === undefined ? [key] : [key, key === 'bytes' ? word : valueOf(word)]);
  const [fromWords, encode, decode] = kinds[kind];
  check(`decode ${line}`, decode(bytesOf(hex)), fromWords(words));
  check(`encode ${line}`, encode(fromWords(words)), bytesOf(hex));
}

// ---- refused: each is the first message of a session

for (const line of block('refused')) {
  const [hex, why] = divide(line, ' = '), session = new Session(() => {}), ws = { send() {}, close() {} };
  let isLost = false;
  session.link(ws, 0, () => { isLost = true; });
  ws.onmessage({ data: bytesOf(hex) });
  check(line, session.over ? 'session' : isLost ? 'link' : 'nothing', divide(why, ':')[0]);
  session.close();
}

// ---- identity

const say = Object.fromEntries(block('identity').map((line) => divide(line.replace(/^(private-key).*?=/, '$1 ='), ' = ')));
const pkcs8 = Buffer.concat([bytesOf('302e020100300506032b657004220420'), bytesOf(say['private-key'])]);
const identity = new Identity(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }), say.aud);
const { iat, exp, jti } = JSON.parse(say['token-claims']), [unsigned, signature] = say.token.split(/\.(?=[^.]*$)/);
check('publicKey', identity.publicKey, say.publicKey);
check('fingerprint', fingerprint(say.publicKey), say.fingerprint);
check('server id', serverId(say.publicKey), say['server-id']);
check('token', identity.token(iat, exp, jti), say.token);
check('token header and claims', unsigned.split('.').map((part) => `${Buffer.from(part, 'base64url')}`), [say['token-header'], say['token-claims']]);
check('token signature', isSigned(unsigned, say.publicKey, signature), true);
check('proof of register', identity.proof('register', say['relay-nonce'], say.token), say['proof-register']);
check('proof of resume', identity.proof('resume', say['relay-nonce'], say.token, say.session, 3), say['proof-resume-epoch-3']);
const answer = { relayKey: say.publicKey, signature: say['signature-by-the-same-key-epoch-4'] };
for (const epoch of [4, 5]) {
  const holds = identity.isSignedByRelay(answer, say['agent-nonce'], say['relay-nonce'], say.session, epoch);
  check(`relay's signature, epoch ${epoch}`, holds, epoch === 4);
}

check('header names', block('names').join('  ').split('  '), wire.NAMES.map((name, i) => `${i + 1} ${name}`));
console.log(`${checks} checks, ${wrong} wrong`);
process.exit(wrong ? 1 : 0);
