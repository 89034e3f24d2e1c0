import { type ChildProcess, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, delimiter, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { type Home, makeHome } from "./home.ts"
import { freePort } from "./port.ts"

/** Ceph's object gateway with a monitor and one store of objects in memory, on loopback: an object store that others wrote. */
export interface Ceph {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  /** What the gateway says of itself. */
  readonly version: string
  /** From now on it accepts connections and answers nothing. */
  pause(): void
  resume(): void
  stop(): Promise<void>
}

/** @param folder what holds `usr/bin/radosgw`; `npm run counterparts` fetches one and names it in WARDKEEP_CEPH */
export async function startCeph(folder = process.env.WARDKEEP_CEPH): Promise<Ceph> {
  if (folder === undefined) throw new Error("WARDKEEP_CEPH names no folder; npm run counterparts sets it")
  const home = makeHome(undefined)
  try {
    return await new Daemons(folder, home).start()
  } catch (error) {
    const told = readdirSync(home.path).filter((name) => name.endsWith(".log"))
    const logs = told.map((name) => `${name}:\n${readFileSync(join(home.path, name), "utf8").slice(-2000)}`)
    await home.remove()
    throw new Error(`Ceph did not start: ${String(error)}\n${logs.join("\n")}`)
  }
}

/** The gateway's name for every region that is not configured. */
const region = "default"

class Daemons {
  readonly #folder: string
  readonly #home: Home
  readonly #libraries: string

  constructor(folder: string, home: Home) {
    this.#folder = folder
    this.#home = home
    this.#libraries = librariesBelow(folder)
  }

  async start(): Promise<Ceph> {
    const [monitor, gateway] = [await freePort(), await freePort()]
    const [accessKeyId, secretAccessKey] = [`AK${randomUUID().slice(0, 8)}`, randomUUID()]
    const id = randomUUID()
    for (const name of ["mon", "osd"]) mkdirSync(this.#in(name))
    writeFileSync(this.#in("ceph.conf"), this.#settings(id, monitor, gateway))
    // The map of the one store is given to the monitor, so that nobody has to be asked for a place in it.
    await this.#run("monmaptool", "--create", "--fsid", id, "--addv", "a", address(monitor), this.#in("monmap"))
    await this.#run("osdmaptool", "--createsimple", "1", this.#in("osdmap"))
    await this.#run("ceph-mon", "--mkfs", "-i", "a", "--monmap", this.#in("monmap"), "--osdmap", this.#in("osdmap"))
    this.#daemon("ceph-mon", "-i", "a")
    await this.#run("ceph-osd", "--mkfs", "-i", "0")
    this.#daemon("ceph-osd", "-i", "0")
    const keys = ["--access-key", accessKeyId, "--secret-key", secretAccessKey]
    await this.#run("radosgw-admin", "user", "create", "--uid=anchors", "--display-name=anchors", ...keys)
    const { pid = 0 } = this.#daemon("radosgw", "-n", "client.gateway")
    const endpoint = `http://127.0.0.1:${gateway}`
    await untilAnswered(endpoint)
    const version = (await this.#run("radosgw", "--version")).trim()
    return {
      endpoint,
      accessKeyId,
      secretAccessKey,
      region,
      version,
      pause: () => void process.kill(pid, "SIGSTOP"),
      resume: () => void process.kill(pid, "SIGCONT"),
      stop: () => this.#home.remove(),
    }
  }

  readonly #in = (name: string): string => join(this.#home.path, name)

  #settings(id: string, monitor: number, gateway: number): string {
    const settings = {
      fsid: id,
      mon_host: address(monitor),
      // Nobody but this machine reaches it, and the gateway's own signatures are what is tested.
      auth_cluster_required: "none",
      auth_service_required: "none",
      auth_client_required: "none",
      public_addr: "127.0.0.1",
      cluster_addr: "127.0.0.1",
      admin_socket: "",
      log_file: this.#in("$name.log"),
      run_dir: this.#home.path,
      mon_data: this.#in("mon"),
      osd_data: this.#in("osd"),
      keyring: this.#in("keyring"),
      plugin_dir: join(this.#libraries, "ceph"),
      erasure_code_dir: join(this.#libraries, "ceph/erasure-code"),
      osd_class_dir: join(this.#libraries, "rados-classes"),
      osd_class_load_list: "*",
      osd_objectstore: "memstore",
      memstore_device_bytes: 256 * 1024 * 1024,
      // One copy of everything, on the one store there is.
      osd_pool_default_size: 1,
      osd_pool_default_min_size: 1,
      osd_pool_default_pg_num: 1,
      osd_pool_default_pgp_num: 1,
      osd_pool_default_pg_autoscale_mode: "off",
      osd_crush_chooseleaf_type: 0,
      mon_allow_pool_size_one: true,
      // A machine whose disk is nearly full is no reason to refuse: nothing is written to it.
      mon_data_avail_crit: 0,
      // So few, that every listing of the tests has pages.
      rgw_max_listing_results: 2,
      rgw_frontends: `beast endpoint=127.0.0.1:${gateway}`,
    }
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`)
    return `[global]\n${lines.join("")}`
  }

  /** A program that ends, and what it says. */
  async #run(name: string, ...args: string[]): Promise<string> {
    const log = this.#in(`${name}.log`)
    const child = this.#spawn(name, args, log)
    const [code] = (await once(child, "exit")) as [number | null]
    if (code !== 0) throw new Error(`${name} ended with ${code}`)
    return readFileSync(log, "utf8")
  }

  /** The pid file is how it ends with this process, however that ends. */
  #daemon(name: string, ...args: string[]): ChildProcess {
    const child = this.#spawn(name, ["-f", ...args], this.#in(`${name}.daemon.log`))
    child.unref()
    if (child.pid !== undefined) writeFileSync(this.#in(`${name}.pid`), `${child.pid}\n`)
    return child
  }

  #spawn(name: string, args: readonly string[], file: string): ChildProcess {
    const log = openSync(file, "w")
    const program = join(this.#folder, "usr/bin", name)
    // The settings stand in the arguments: by the folder in them the guard knows which process it may end.
    const settings = /^(ceph-|rados)/.test(name) ? ["-c", this.#in("ceph.conf")] : []
    const child = spawn(program, [...args, ...settings], {
      cwd: "/",
      detached: true,
      stdio: ["ignore", log, log],
      env: { LC_ALL: "C", TZ: "UTC", LD_LIBRARY_PATH: this.#libraryPath() },
    })
    closeSync(log)
    child.on("error", () => child.emit("exit", -1))
    return child
  }

  #libraryPath(): string {
    const folder = basename(this.#libraries)
    return [this.#libraries, join(this.#libraries, "ceph"), join(this.#folder, "lib", folder)].join(delimiter)
  }
}

const address = (port: number): string => `[v1:127.0.0.1:${port}]`

/** Debian's folder of libraries is named after the machine's kind. */
function librariesBelow(folder: string): string {
  const all = join(folder, "usr/lib")
  const name = readdirSync(all).find((each) => existsSync(join(all, each, "rados-classes")))
  if (name === undefined) throw new Error(`below ${all} are no libraries of Ceph`)
  return join(all, name)
}

async function untilAnswered(endpoint: string): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    try {
      await fetch(endpoint, { signal: AbortSignal.timeout(5_000) })
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
    await sleep(100)
  }
}
