import { createHash } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import { fromJson } from "./json.js"

/** No honest line is longer; memory is not for whoever wrote the file to fill. */
const longest = 64 * 1024 * 1024

/** The lines of a bundle, each one JSON value, and the hash of all before the one read last. */
export class Lines {
  readonly #bytes: AsyncIterator<Uint8Array>
  readonly #hash = createHash("sha256")
  /** What was read last and is not hashed yet: the line read last begins at `#line`, the next one at `#next`. */
  #read = Buffer.alloc(0)
  #line = 0
  #next = 0
  #number = 0

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#bytes = bytes[Symbol.asyncIterator]()
  }

  /** SHA-256 in hex of every byte before the line read last. */
  get hashBefore(): string {
    return this.#hash.copy().update(this.#read.subarray(0, this.#line)).digest("hex")
  }

  /** @throws WK405 the file ends before the bundle does, or the line is not JSON */
  async next(): Promise<unknown> {
    const ready = this.ready()
    return ready === undefined ? this.#take(await this.#readOn()) : ready
  }

  /** The next line where it was read already with what is before it; undefined, which no line is, where more is to be read. */
  ready(): unknown {
    const end = this.#read.indexOf(10, this.#next)
    return end < 0 ? undefined : this.#take(end)
  }

  #take(end: number): unknown {
    this.#line = this.#next
    this.#next = end + 1
    this.#number++
    const line = this.#read.toString("utf8", this.#line, end)
    // Bytes that are no UTF-8 read as U+FFFD, and would be hashed as it.
    if (line.includes("\ufffd") && !Buffer.from(line).equals(this.#read.subarray(this.#line, end))) throw this.damaged()
    return this.#parsed(line)
  }

  /** Reads pieces until a line ends, and says where; what was a line already is hashed and let go. */
  async #readOn(): Promise<number> {
    this.#hash.update(this.#read.subarray(0, this.#next))
    const pieces = [this.#read.subarray(this.#next)]
    let length = this.#read.length - this.#next
    for (;;) {
      const { value, done } = await this.#bytes.next()
      if (done === true || length > longest) throw this.#truncated()
      const piece = Buffer.from(value)
      pieces.push(piece)
      const end = piece.indexOf(10)
      if (end >= 0) {
        this.#read = Buffer.concat(pieces)
        this.#next = 0
        return length + end
      }
      length += piece.length
    }
  }

  /** Whether nothing follows. */
  async atEnd(): Promise<boolean> {
    return this.#next === this.#read.length && (await this.#bytes.next()).done === true
  }

  damaged(): WardkeepError {
    return new WardkeepError("WK405", { message: `line ${this.#number} of the bundle is damaged` })
  }

  #parsed(line: string): unknown {
    try {
      return fromJson(line)
    } catch {
      throw this.#number === 1
        ? new WardkeepError("WK405", { message: "this file is not a bundle of an audit log" })
        : this.damaged()
    }
  }

  #truncated(): WardkeepError {
    return this.#number === 0
      ? new WardkeepError("WK405", { message: "this file is not a bundle of an audit log" })
      : new WardkeepError("WK405", { message: `the bundle is truncated after line ${this.#number}` })
  }
}
