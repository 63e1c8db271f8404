// A session outlives its links: the relay's sequence and ours, with their acks, and the liveness of the current link.
import { Stream } from './stream.mjs';
import { CODE, FLOOR, HEAD, MAX_MESSAGE, ProtocolError, REQUEST, TRAILERS } from './wire.mjs';
import * as wire from './wire.mjs';

const LOG = 128 * 1024; // of ours that is not acknowledged; so little that all of it may be handed to the WebSocket at once
const RESERVE = 320 * 1024; // on top of it for frames that wait for no room, since they answer what the relay sends
const SLOTS = 128; // handlers at once

export class Session {
  over = false; leaving = null; lostAt = 0;
  streams = new Map(); highest = 0; running = 0;
  received = 0; partial = Buffer.alloc(0); // of the relay's sequence: an offset, and the begin of an unfinished frame
  log = []; acked = 0; end = 0; // of ours: the frames that are not acknowledged, and two offsets
  #ws = null; #waiting = [];

  constructor(serve) { this.serve = serve; }

  /** Takes a link on which the relay has answered. It said how much of our sequence it has; the rest is sent again. */
  link(ws, peerReceived, lost) {
    this.#ws = ws;
    this.lost = lost;
    ws.onmessage = ({ data }) => this.#receive(data);
    ws.onclose = ws.onerror = () => this.unlink('the link is closed');
    this.clock = setInterval(() => this.#watch(), 15_000);
    this.moved = Date.now();
    if (peerReceived < this.acked || peerReceived > this.end) return this.close(CODE.protocol, 'the relay resumes at an impossible offset');
    this.#acknowledge(peerReceived);
    this.#say({ name: 'ack', offset: this.received });
    for (const stream of this.streams.values()) if (stream.inLimit > FLOOR) this.grant(stream.id, stream.inLimit);
    if (this.leaving) this.#say(this.leaving);
    this.#ping();
    for (const piece of this.log) this.#send(piece);
  }

  unlink(reason) {
    if (!this.#ws) return;
    const ws = this.#ws;
    ws.onmessage = ws.onclose = ws.onerror = this.#ws = null;
    clearInterval(this.clock);
    this.lostAt = Date.now();
    ws.close();
    this.lost(reason);
  }

  /** Ends the session. With a code the relay is told; without one it knows. */
  close(code, reason) {
    this.over = true; // from here on nothing enters the sequence
    if (code !== undefined) this.#say({ name: 'close', code });
    for (const stream of this.streams.values()) stream.giveUp(CODE.cancelled);
    this.unlink(reason);
    this.wake();
  }

  /** Takes no new streams. Ends when the open ones have, and the relay has everything: close would overtake what is under way. */
  async leave() {
    this.leaving = { name: 'go-away', last: this.highest, code: CODE.going };
    this.#say(this.leaving);
    while (!this.over && (this.streams.size || this.acked < this.end)) await this.change();
  }

  /** Ends when something has happened: a frame, credit, an ack. Whoever waits looks again, in the order of coming. */
  change() { return new Promise((resolve) => this.#waiting.push(resolve)); }
  wake() { for (const resolve of this.#waiting.splice(0)) resolve(); }

  // ---- sending

  get hasRoom() { return this.end - this.acked < LOG; }

  put(type, flags, stream, payload) {
    if (this.over) return;
    if (this.end === this.acked) this.moved = Date.now();
    const piece = { offset: this.end, bytes: wire.encodeFrame({ type, flags, stream, payload }) };
    this.log.push(piece);
    this.end += piece.bytes.length;
    this.#send(piece);
  }

  grant(stream, limit) { this.#say({ name: 'credit', stream, limit }); }

  #send({ offset, bytes }) {
    this.#ws?.send(wire.encodeMessage({ offset, bytes, ackWanted: offset + bytes.length - this.acked >= LOG / 2 }));
  }

  #say(record) { this.#ws?.send(wire.encodeControl([record])); } // without a link: the next one begins with the current state

  // ---- receiving

  #receive(data) {
    try {
      const message = Buffer.from(data);
      if (typeof data === 'string' || message.length > MAX_MESSAGE || !(message[0] <= 0x80)) throw new Error('no message of either lane');
      if (message[0] === 0x80) for (const record of wire.decodeControl(message)) this.#control(record);
      else this.#piece(wire.decodeMessage(message));
      const held = Math.max(this.end - this.acked, this.#ws?.bufferedAmount ?? 0);
      if (held > LOG + RESERVE) throw new ProtocolError('the relay asks for much and takes nothing');
    } catch (error) {
      if (error instanceof ProtocolError) this.close(CODE.protocol, error.message);
      else this.unlink(error.message);
    }
    this.wake();
  }

  #control(record) {
    switch (record.name) {
      case 'ping': return this.#say({ name: 'pong', nonce: record.nonce });
      case 'pong': return void (this.ponged ||= record.nonce === this.pinged);
      case 'ack': return this.#acknowledge(record.offset);
      case 'credit': return this.streams.get(record.stream)?.credit(record.limit);
      case 'go-away': return; // the relay opens no more streams, and says close in the end
      case 'close': return this.close(undefined, `the relay closed the session, code ${record.code}`);
    }
  }

  #acknowledge(offset) {
    if (offset > this.end) throw new ProtocolError('an ack of bytes that were never sent');
    if (offset <= this.acked) return;
    this.acked = offset;
    this.moved = Date.now();
    while (this.log.length && this.log[0].offset + this.log[0].bytes.length <= offset) this.log.shift();
  }

  #piece({ offset, bytes }) {
    if (offset > this.received) throw new Error('a gap in the sequence');
    const fresh = bytes.subarray(this.received - offset);
    this.received += fresh.length;
    this.#say({ name: 'ack', offset: this.received }); // for each message, so none has to be asked for
    this.partial = Buffer.concat([this.partial, fresh]);
    for (let frame; !this.over && (frame = wire.decodeFrame(this.partial)); ) {
      this.partial = this.partial.subarray(frame.size);
      this.#frame(frame);
    }
  }

  #frame({ type, flags, stream: id, payload }) {
    if (id <= this.highest) return this.streams.get(id)?.frame(type, flags, payload); // of a forgotten stream nothing is wanted
    if (type !== HEAD || flags & TRAILERS) throw new ProtocolError(`stream ${id} does not begin with a head`);
    this.highest = id;
    if (!this.leaving) this.#open(new Stream(this, id, flags), payload);
  }

  async #open(stream, payload) {
    this.streams.set(stream.id, stream);
    let head;
    try { head = wire.decodeHead(REQUEST, payload); } catch { return stream.giveUp(CODE.protocol); }
    if (this.running >= SLOTS || head.tunnel !== 0 || head.service !== '') return stream.giveUp(CODE.refused);
    this.running++;
    try {
      await this.serve(stream, head);
    } catch (error) {
      if (!stream.over) console.error(error);
    }
    this.running--; // when the handler has returned, whatever has become of the stream
    stream.giveUp(CODE.failed);
  }

  // ---- liveness

  #ping() {
    this.ponged = false;
    this.#say({ name: 'ping', nonce: this.pinged = Date.now() });
  }

  #watch() {
    if (!this.ponged) this.unlink('a ping has no pong');
    else if (this.end > this.acked && Date.now() - this.moved > 30_000) this.unlink('nothing is acknowledged');
    else this.#ping();
  }
}
