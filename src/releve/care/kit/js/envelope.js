// Opens what envelope.py seals. Nothing here reaches the network or the disk.
import { Decrypter } from "age-encryption";

const SLICE = 4 * 48 * 1024; // base64 characters decoded at a time; a multiple of 4
const FIRST_LINE = /^RELEVE-KIT 1 (\d+) (\d+)$/;

export class WrongCode extends Error {}
export class Damaged extends Error {}

/** The age identity that the code unwraps; throws WrongCode or Damaged. */
export async function unlock(lock, symbols) {
  const text = new TextEncoder();
  let key, nonce, wrapped;
  try {
    nonce = octets(lock.nonce);
    wrapped = octets(lock.wrapped);
    const secret = await crypto.subtle.importKey("raw", text.encode(symbols), "PBKDF2", false, [
      "deriveKey",
    ]);
    key = await crypto.subtle.deriveKey(
      { name: "PBKDF2", hash: "SHA-256", salt: octets(lock.salt), iterations: lock.iterations },
      secret,
      { name: "AES-GCM", length: 256 },
      false,
      ["decrypt"],
    );
  } catch {
    throw new Damaged("sa serrure est abîmée");
  }
  try {
    const about = text.encode(lock.about);
    const clear = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: nonce, additionalData: about },
      key,
      wrapped,
    );
    return new TextDecoder().decode(clear);
  } catch {
    throw new WrongCode();
  }
}

/** The contents (parsed JSON) and a function that reads on to the PDF; throws Damaged. */
export async function unseal(base64, identity) {
  const reader = new Octets(await clearStream(base64, identity));
  const first = FIRST_LINE.exec(new TextDecoder().decode(await reader.line(64)));
  if (!first) throw new Damaged("son contenu n'est pas celui d'un kit");
  const body = await reader.take(Number(first[1]));
  let contents;
  try {
    contents = JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new Damaged("son contenu n'est pas celui d'un kit");
  }
  return { contents, readPdf: () => reader.last(Number(first[2])) };
}

async function clearStream(base64, identity) {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return await decrypter.decrypt(slices(base64));
  } catch {
    throw new Damaged("son contenu chiffré ne se lit pas");
  }
}

function slices(base64) {
  let from = 0;
  return new ReadableStream({
    pull(controller) {
      if (from >= base64.length) return controller.close();
      controller.enqueue(octets(base64.slice(from, from + SLICE)));
      from += SLICE;
    },
  });
}

function octets(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Reads a stream by exact lengths. */
class Octets {
  constructor(stream) {
    this.reader = stream.getReader();
    this.rest = new Uint8Array(0);
  }

  async line(most) {
    while (this.rest.indexOf(10) < 0 && this.rest.length < most && (await this.more()));
    const end = this.rest.indexOf(10);
    if (end < 0 || end > most) throw new Damaged("son contenu n'est pas celui d'un kit");
    const line = this.rest.slice(0, end);
    this.rest = this.rest.slice(end + 1);
    return line;
  }

  async take(size) {
    const parts = [];
    let missing = size;
    while (missing > 0) {
      if (!this.rest.length && !(await this.more())) throw new Damaged("il est incomplet");
      const part = this.rest.slice(0, missing);
      this.rest = this.rest.slice(part.length);
      missing -= part.length;
      parts.push(part);
    }
    const whole = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  /** The last `size` octets; nothing may follow them. */
  async last(size) {
    const whole = await this.take(size);
    if (this.rest.length || (await this.more())) throw new Damaged("son contenu est trop long");
    return whole;
  }

  async more() {
    let read;
    try {
      read = await this.reader.read();
    } catch {
      throw new Damaged("une partie de son contenu a été abîmée ou modifiée");
    }
    if (read.done) return false;
    const joined = new Uint8Array(this.rest.length + read.value.length);
    joined.set(this.rest);
    joined.set(read.value, this.rest.length);
    this.rest = joined;
    return true;
  }
}
