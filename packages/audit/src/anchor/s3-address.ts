import { WardkeepError } from "@wardkeep/core"

/** Where checkpoints are kept in an object store, and with which credentials. */
export interface S3Place {
  /** Of the store, without the bucket: `https://s3.ap-south-1.amazonaws.com`. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  /** What every key begins with, without a slash at the end; may be empty. */
  readonly prefix: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials. */
  readonly sessionToken?: string
}

/**
 * The address of a store, without a slash at the end. A request signed for it is sent to it alone, and in the open only within this machine.
 *
 * @throws WK453 nothing of it is repeated: some addresses hold a password
 */
export function endpointFrom(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const isPlain = url?.protocol === "http:" && local.test(url.hostname)
  if (url === undefined || !(isPlain || url.protocol === "https:") || /[@?#]/.test(endpoint))
    throw new WardkeepError("WK453", {
      message: "the address of the object store is not https://host, and nothing else",
    })
  return endpoint.replace(/\/+$/, "")
}

const local = /^(localhost|127(\.\d+){3}|\[::1\])$/

/**
 * Reads `s3://bucket/prefix` and the variables that other S3 clients read: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 * AWS_SESSION_TOKEN, AWS_REGION, and for stores other than Amazon's AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL.
 *
 * @throws WK453 what is missing; no credential is repeated
 * @example const place = s3PlaceFrom("s3://clinic-anchors/main", process.env)
 */
export function s3PlaceFrom(address: string, env: Readonly<Record<string, string | undefined>>): S3Place {
  const [, bucket, prefix = ""] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([A-Za-z0-9._/-]*))?$/.exec(address) ?? []
  if (bucket === undefined || /(^|\/)\.{0,2}\/|\/\//.test(prefix))
    throw new WardkeepError("WK453", { message: "the address of an object store is not s3://bucket/prefix" })
  const of = (name: string): string => {
    const value = env[name]
    if (value === undefined || value === "") throw new WardkeepError("WK453", { message: `${address} needs ${name}` })
    return value
  }
  const region = of("AWS_REGION")
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || `https://s3.${region}.amazonaws.com`
  const token = env.AWS_SESSION_TOKEN
  return {
    endpoint: endpointFrom(endpoint),
    region,
    bucket,
    prefix: prefix.replace(/\/+$/, ""),
    accessKeyId: of("AWS_ACCESS_KEY_ID"),
    secretAccessKey: of("AWS_SECRET_ACCESS_KEY"),
    ...(token !== undefined && token !== "" && { sessionToken: token }),
  }
}
