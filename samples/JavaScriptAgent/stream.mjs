// A request and its response, as a handler sees them. Waiting for either fails when the stream is over.
import { CODE, DATA, encodeHead, END, FLOOR, HEAD, MAX_DATA, NO_CREDIT, ProtocolError, RESET, RESPONSE, STOP, TRAILERS } from './wire.mjs';

const WINDOW = 256 * 1024; // of the request's body that may be under way

export class Stream {
  over = false;
  chunks = []; arrived = 0; consumed = 0; // of the request's body
  sent = 0; outLimit = FLOOR; // of the response's

  constructor(session, id, flags) {
    Object.assign(this, { session, id, requestEnded: (flags & END) !== 0, inLimit: flags & NO_CREDIT ? 0 : FLOOR });
  }

  // ---- from the relay

  credit(limit) { this.outLimit = Math.max(this.outLimit, limit); }

  frame(type, flags, payload) {
    if (type === STOP) return this.giveUp(payload[0]); // who wants no response needs none of this stream
    if (this.requestEnded) return;
    this.requestEnded = type === RESET || (flags & END) !== 0;
    if (type === RESET) return this.giveUp(payload[0]); // what came is not the whole
    if (type === HEAD && !(flags & TRAILERS)) throw new ProtocolError('a second head');
    if (type === DATA) {
      this.arrived += payload.length;
      if (this.arrived > this.inLimit) throw new ProtocolError('data beyond the credit');
      this.chunks.push(payload);
    }
  }

  // ---- for the handler

  /** Grants credit as the body is consumed. The first one brings the visitor's 100 Continue, if no head was sent before. */
  wantBody() {
    const limit = this.consumed + WINDOW;
    if (!this.requestEnded && limit - this.inLimit >= WINDOW / 2) this.session.grant(this.id, this.inLimit = limit);
  }

  async *body() {
    for (;;) {
      this.wantBody();
      await this.#until(() => this.chunks.length || this.requestEnded);
      if (!this.chunks.length) return;
      const chunk = this.chunks.shift();
      yield chunk;
      this.consumed += chunk.length;
    }
  }

  async respond(status, headers) {
    await this.#until(() => this.session.hasRoom);
    this.session.put(HEAD, 0, this.id, encodeHead(RESPONSE, { status, reason: '', headers }));
  }

  async write(bytes) {
    while (bytes.length) {
      await this.#until(() => this.sent < this.outLimit && this.session.hasRoom);
      const piece = bytes.subarray(0, Math.min(MAX_DATA, this.outLimit - this.sent));
      this.session.put(DATA, 0, this.id, piece);
      this.sent += piece.length;
      bytes = bytes.subarray(piece.length);
    }
  }

  /** Ends the response. What is left of the request is not needed. */
  finish() { this.#end(DATA, END, CODE.none); }

  giveUp(code) { this.#end(RESET, 0, code); }

  #end(type, flags, code) {
    if (this.over) return;
    this.over = true;
    this.session.put(type, flags, this.id, Buffer.from(type === RESET ? [code] : []));
    if (!this.requestEnded) this.session.put(STOP, 0, this.id, Buffer.from([code]));
    this.session.streams.delete(this.id);
    this.session.wake();
  }

  async #until(condition) {
    while (!this.over && !condition()) await this.session.change();
    if (this.over) throw new Error('the stream is over');
  }
}
