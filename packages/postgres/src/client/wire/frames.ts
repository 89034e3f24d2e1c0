import type { WireValue } from "./values.js"

const initialSize = 16 * 1024
const keepSize = 1024 * 1024

/** Execute the unnamed portal to its end. */
const execute = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0])
const describePortal = Buffer.from([0x44, 0, 0, 0, 6, 0x50, 0])
const sync = Buffer.from([0x53, 0, 0, 0, 4])

/**
 * Writes the frontend messages of one unit into one buffer, so that the unit costs one write. `pg` writes each message
 * separately and lets the stream join them, which costs as much as the whole prologue.
 */
export class FrameWriter {
  #buffer = Buffer.allocUnsafeSlow(initialSize)
  #at = 0

  parse(name: Buffer, text: string): void {
    const start = this.#open(0x50, name.length + text.length * 3 + 4)
    this.#bytes(name)
    this.#buffer[this.#at++] = 0
    this.#at += this.#buffer.write(text, this.#at)
    this.#buffer[this.#at++] = 0
    this.#int16(0)
    this.#close(start)
  }

  bind(portal: string, name: Buffer, values: readonly WireValue[]): void {
    const count = values.length
    const start = this.#open(0x42, portal.length * 3 + name.length + 10 + count * 2)
    if (portal !== "") this.#at += this.#buffer.write(portal, this.#at)
    this.#buffer[this.#at++] = 0
    this.#bytes(name)
    this.#buffer[this.#at++] = 0
    this.#int16(count)
    const formats = this.#at
    this.#at += count * 2
    this.#int16(count)
    for (let i = 0; i < count; i++) this.#value(values[i] ?? null, formats + i * 2)
    this.#ensure(2)
    this.#int16(0)
    this.#close(start)
  }

  execute(): void {
    this.raw(execute)
  }

  describe(): void {
    this.raw(describePortal)
  }

  sync(): void {
    this.raw(sync)
  }

  executePortal(portal: string, rows: number): void {
    const start = this.#open(0x45, portal.length * 3 + 5)
    this.#at += this.#buffer.write(portal, this.#at)
    this.#buffer[this.#at++] = 0
    this.#int32(rows)
    this.#close(start)
  }

  describeNamed(portal: string): void {
    this.#named(0x44, 0x50, Buffer.from(portal))
  }

  closePortal(portal: string): void {
    this.#named(0x43, 0x50, Buffer.from(portal))
  }

  closeStatement(name: Buffer): void {
    this.#named(0x43, 0x53, name)
  }

  raw(bytes: Buffer): void {
    this.#ensure(bytes.length)
    this.#bytes(bytes)
  }

  /** What was written since the last take, as bytes of their own. */
  take(): Buffer {
    const size = this.#at
    const taken = Buffer.allocUnsafe(size)
    this.#buffer.copy(taken, 0, 0, size)
    this.reset()
    return taken
  }

  reset(): void {
    this.#at = 0
    if (this.#buffer.length > keepSize) this.#buffer = Buffer.allocUnsafeSlow(initialSize)
  }

  #value(wire: WireValue, format: number): void {
    if (typeof wire === "string") {
      this.#buffer[format] = 0
      this.#buffer[format + 1] = 0
      this.#ensure(wire.length * 3 + 4)
      const length = this.#buffer.write(wire, this.#at + 4)
      this.#int32(length)
      this.#at += length
    } else if (wire === null) {
      this.#buffer[format] = 0
      this.#buffer[format + 1] = 0
      this.#ensure(4)
      this.#int32(-1)
    } else {
      this.#buffer[format] = 0
      this.#buffer[format + 1] = 1
      this.#ensure(wire.length + 4)
      this.#int32(wire.length)
      this.#bytes(wire)
    }
  }

  #named(code: number, kind: number, name: Buffer): void {
    const start = this.#open(code, name.length + 2)
    this.#buffer[this.#at++] = kind
    this.#bytes(name)
    this.#buffer[this.#at++] = 0
    this.#close(start)
  }

  #open(code: number, size: number): number {
    this.#ensure(size + 5)
    this.#buffer[this.#at] = code
    const start = this.#at + 1
    this.#at += 5
    return start
  }

  #close(start: number): void {
    this.#buffer.writeInt32BE(this.#at - start, start)
  }

  #ensure(size: number): void {
    const needed = this.#at + size
    if (needed <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#at)
    this.#buffer = larger
  }

  #bytes(bytes: Buffer): void {
    bytes.copy(this.#buffer, this.#at)
    this.#at += bytes.length
  }

  #int16(value: number): void {
    this.#buffer[this.#at++] = (value >>> 8) & 0xff
    this.#buffer[this.#at++] = value & 0xff
  }

  #int32(value: number): void {
    this.#buffer[this.#at++] = (value >>> 24) & 0xff
    this.#buffer[this.#at++] = (value >>> 16) & 0xff
    this.#buffer[this.#at++] = (value >>> 8) & 0xff
    this.#buffer[this.#at++] = value & 0xff
  }
}
