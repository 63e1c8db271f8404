// Who the agent is: a key, a token and proofs made with it; and who the relay is: a signature.
import { createHash, createPublicKey, randomBytes, sign, verify } from 'node:crypto';

export const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
export const random = (count) => base64url(randomBytes(count));
const sha256 = (text) => createHash('sha256').update(text).digest();
const json = (value) => base64url(JSON.stringify(value));
const lines = (...texts) => texts.join('\n');

export const fingerprint = (publicKey) => `SHA256:${base64url(sha256(publicKey))}`;

/** srv_ and ten bytes in base32, five bits a letter. */
export function serverId(publicKey) {
  const bits = Array.from(sha256(publicKey).subarray(0, 10), (byte) => byte.toString(2).padStart(8, '0')).join('');
  return 'srv_' + bits.replace(/.{5}/g, (five) => 'abcdefghijklmnopqrstuvwxyz234567'[parseInt(five, 2)]);
}

export class Identity {
  #privateKey;

  /** An Ed25519 key, and the relay's origin as it is dialled. */
  constructor(privateKey, audience) {
    this.#privateKey = privateKey;
    this.audience = audience;
    this.publicKey = `ed25519:${createPublicKey(privateKey).export({ format: 'jwk' }).x}`;
  }

  #sign(text) { return base64url(sign(null, Buffer.from(text), this.#privateKey)); }

  token(now = Math.floor(Date.now() / 1000), exp = now + 3600, jti = random(16)) {
    const header = { alg: 'EdDSA', typ: 'JWT', kid: fingerprint(this.publicKey) };
    const claims = { iss: 'tunnel-agent', sub: serverId(this.publicKey), aud: this.audience, iat: now, exp, jti };
    const unsigned = `${json(header)}.${json(claims)}`;
    return `${unsigned}.${this.#sign(unsigned)}`;
  }

  /** For 'register', or for 'resume' with the session and the epoch that the agent knows. */
  proof(type, relayNonce, token, ...sessionAndEpoch) {
    return this.#sign(lines(`tunnel.v1 ${type}`, relayNonce, this.audience, base64url(sha256(token)), ...sessionAndEpoch));
  }

  isSignedByRelay({ relayKey, signature }, agentNonce, relayNonce, session, epoch) {
    return isSigned(lines('tunnel.v1 relay', agentNonce, relayNonce, this.audience, session, epoch), relayKey, signature);
  }
}

export function isSigned(text, publicKey, signature) {
  const [kind, encoded] = publicKey.split(':'), point = Buffer.from(encoded, 'base64url');
  const jwk = kind === 'ed25519' ? { kty: 'OKP', crv: 'Ed25519', x: encoded }
    : { kty: 'EC', crv: 'P-256', x: base64url(point.subarray(1, 33)), y: base64url(point.subarray(33)) };
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  return verify(kind === 'ed25519' ? null : 'sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
}
