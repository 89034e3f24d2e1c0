export interface Clock {
  /** Milliseconds that never go back. */
  now(): number
  /** Milliseconds since 1970. */
  date(): number
  sleep(milliseconds: number): Promise<void>
}

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
}

/** Lets one request through per interval, never two at once and never one early. */
export class Pace {
  #next = Number.NEGATIVE_INFINITY
  #interval: number

  constructor(
    perSecond: number,
    private readonly clock: Clock,
  ) {
    this.#interval = 1000 / perSecond
  }

  async turn(): Promise<void> {
    // Timers may fire a little early, so the clock is asked again.
    while (this.clock.now() < this.#next) await this.clock.sleep(Math.ceil(this.#next - this.clock.now()))
    this.#next = this.clock.now() + this.#interval
  }

  /** After the server said that this is too fast. */
  slowDown(): void {
    this.#interval *= 2
  }
}
