/** Public keys as JSON, RFC 7517. */
export interface KeySet {
  readonly keys: readonly { readonly kty?: string; readonly [name: string]: unknown }[]
}
