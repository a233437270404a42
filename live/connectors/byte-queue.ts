/** Bytes that came in and wait to be read. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  /** The first chunk not yet taken; those before it are holes. */
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** The first bytes, `most` at most. Copied only where they lie in several chunks. */
  take(most: number): Uint8Array {
    const wanted = Math.min(most, this.#size);
    const first = this.#chunks[this.#head];
    if (first === undefined || wanted <= 0) return new Uint8Array(0);
    if (wanted <= first.length) return this.#takeFirst(first, wanted);
    const taken = new Uint8Array(wanted);
    for (let at = 0; at < wanted; ) {
      const chunk = this.#chunks[this.#head] as Uint8Array;
      const part = this.#takeFirst(chunk, Math.min(chunk.length, wanted - at));
      taken.set(part, at);
      at += part.length;
    }
    return taken;
  }

  clear(): void {
    this.#chunks = [];
    this.#head = 0;
    this.#size = 0;
  }

  #takeFirst(chunk: Uint8Array, count: number): Uint8Array {
    this.#size -= count;
    if (count < chunk.length) {
      this.#chunks[this.#head] = chunk.subarray(count);
      return chunk.subarray(0, count);
    }
    this.#head++;
    if (this.#size === 0) this.clear();
    else if (this.#head >= 64) {
      this.#chunks = this.#chunks.slice(this.#head);
      this.#head = 0;
    }
    return chunk;
  }
}
