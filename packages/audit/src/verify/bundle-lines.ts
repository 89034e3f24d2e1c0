import { createHash } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"

/** No honest line is longer; memory is not for whoever wrote the file to fill. */
const longest = 64 * 1024 * 1024

/** The lines of a bundle, each one JSON value, and the hash of all before the one read last. */
export class Lines {
  readonly #bytes: AsyncIterator<Uint8Array>
  readonly #hash = createHash("sha256")
  #rest = Buffer.alloc(0)
  #number = 0
  hashBefore = ""

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#bytes = bytes[Symbol.asyncIterator]()
  }

  /** @throws WK405 the file ends before the bundle does, or the line is not JSON */
  async next(): Promise<unknown> {
    const pieces: Buffer[] = []
    let length = 0
    let end = this.#rest.indexOf(10)
    while (end < 0) {
      pieces.push(this.#rest)
      length += this.#rest.length
      const { value, done } = await this.#bytes.next()
      if (done === true || length > longest) throw this.#truncated()
      this.#rest = Buffer.from(value)
      end = this.#rest.indexOf(10)
    }
    const line = Buffer.concat([...pieces, this.#rest.subarray(0, end + 1)])
    this.#rest = this.#rest.subarray(end + 1)
    this.#number++
    this.hashBefore = this.#hash.copy().digest("hex")
    this.#hash.update(line)
    return this.#parsed(line)
  }

  /** Whether nothing follows. */
  async atEnd(): Promise<boolean> {
    return this.#rest.length === 0 && (await this.#bytes.next()).done === true
  }

  damaged(): WardkeepError {
    return new WardkeepError("WK405", { message: `line ${this.#number} of the bundle is damaged` })
  }

  #parsed(line: Buffer): unknown {
    try {
      return JSON.parse(line.toString("utf8"))
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
