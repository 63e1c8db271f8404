// A tunnel agent written from PROTOCOL.md alone:
//   node --experimental-websocket agent.mjs [relay] [slug] [fingerprint of the relay's key]
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fingerprint, Identity, random } from './identity.mjs';
import { Session } from './session.mjs';
import { CODE } from './wire.mjs';

const [relayUrl = 'http://127.0.0.1:6100', wantedSlug, relayFingerprint] = process.argv.slice(2);
if (!globalThis.WebSocket) throw new Error('WebSocket is missing: start Node 20 with --experimental-websocket');

// ---- what the tunnel serves

async function serve(stream, head) {
  const path = head.target.slice(head.prefix).split('?')[0] || '/';
  if (head.method === 'POST' && path === '/echo') {
    stream.wantBody(); // before the head: after it nobody gets a 100 Continue any more
    await stream.respond(200, head.headers.filter(([name]) => name.toLowerCase() === 'content-type'));
    for await (const piece of stream.body()) await stream.write(piece);
  } else {
    const found = head.method === 'GET' && path === '/';
    await stream.respond(found ? 200 : 404, [['Content-Type', 'text/plain']]);
    await stream.write(Buffer.from(found ? 'Hello from a tunnel agent in JavaScript.\n' : 'There is nothing here.\n'));
  }
  stream.finish();
}

// ---- the links, one after the other

const KEY_FILE = 'agent-key.pem'; // the relay knows the agent by it, and keeps its slug for it
if (!existsSync(KEY_FILE)) {
  writeFileSync(KEY_FILE, generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
}
const relay = new URL(relayUrl);
const identity = new Identity(createPrivateKey(readFileSync(KEY_FILE)), relay.origin);
const instanceId = random(16);
let hasLeft = false, session = null, registrationId = random(16), slug = wantedSlug;

/** Dials, registers or resumes, and serves until the link is lost. Ends with the reason, and the relay's error if it said one. */
const connect = () => new Promise((resolve) => {
  const ws = new WebSocket(`${relay.href.replace(/^http/, 'ws').replace(/\/$/, '')}/.tunnel/connect`, 'tunnel.v1');
  ws.binaryType = 'arraybuffer';
  const giveUp = (reason, error) => {
    clearTimeout(timer);
    ws.onmessage = ws.onclose = ws.onerror = null;
    ws.close();
    resolve({ reason, ...error });
  };
  const timer = setTimeout(() => giveUp('the relay does not answer'), 15_000);
  ws.onclose = ws.onerror = () => giveUp('the relay cannot be reached');

  const nonce = random(32);
  let challenge;
  ws.onmessage = ({ data }) => {
    try {
      const message = JSON.parse(data);
      if (message.type === 'challenge' && !challenge) ws.send(JSON.stringify(hello((challenge = message.nonce), nonce)));
      else if (message.type === (session ? 'resumed' : 'registered') && challenge) answered(message);
      else if (message.type === 'error') giveUp(`${message.code}: ${message.message}`, message);
      else giveUp(`unexpected ${message.type}`);
    } catch (error) {
      giveUp(error.message);
    }
  };

  // Everything up to link() happens at once, since binary messages may be right behind.
  function answered(answer) {
    const ok = identity.isSignedByRelay(answer, nonce, challenge, answer.session ?? session.id, answer.epoch);
    const isKnown = !relayFingerprint || fingerprint(answer.relayKey) === relayFingerprint;
    if (!ok || !isKnown) return giveUp('THIS IS NOT THE RELAY THAT IT SHOULD BE', { code: 'relay_key' });
    clearTimeout(timer);
    if (!session) {
      session = Object.assign(new Session(serve), { id: answer.session, graceSeconds: answer.graceSeconds });
      slug = answer.slug;
      registrationId = random(16); // for the next session
    }
    Object.assign(session, { epoch: answer.epoch, resumeToken: answer.resumeToken });
    console.log(answer.url ?? `resumed, epoch ${answer.epoch}`);
    const began = Date.now();
    session.link(ws, answer.received ?? 0, (reason) => resolve({ reason, held: Date.now() - began }));
  }
});

function hello(challenge, nonce) {
  const token = identity.token(), common = { token, publicKey: identity.publicKey, nonce };
  if (!session) return { type: 'register', ...common, proof: identity.proof('register', challenge, token), registrationId, instanceId, slug };
  const { id, epoch, resumeToken, received } = session;
  return { type: 'resume', ...common, proof: identity.proof('resume', challenge, token, id, epoch), session: id, epoch, resumeToken, received };
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => { // the second one ends the process as usual
    await Promise.race([session?.leave(), sleep(10_000)]);
    hasLeft = true; // until now a lost link is resumed as ever
    session?.close(CODE.going, 'we leave');
    await sleep(200); // for the WebSocket's close
    process.exit();
  });
}

for (let bound = 500; !hasLeft; bound = Math.min(2 * bound, 30_000)) {
  const { reason, code, retryAfter = 0, held = 0 } = await connect();
  console.log(reason);
  const isUnknown = session && code === 'session_unknown';
  if (code && !session) registrationId = random(16); // an error is an answer
  if (isUnknown || (session && Date.now() - session.lostAt > (session.graceSeconds + 3) * 1000)) session.close();
  if (session?.over) session = null;
  if (isUnknown) continue;
  if (held >= 10_000) bound = 500;
  const isShort = !code || ['overloaded', 'shutting_down', 'duplicate_instance'].includes(code);
  await sleep((isShort ? Math.random() * bound : 15_000 + Math.random() * 15_000) + retryAfter * 1000);
}
