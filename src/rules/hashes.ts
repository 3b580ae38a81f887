/** Hash functions, injected so that the core stays free of platform code. All hash the UTF-8 bytes of a text. */
export interface Hashes {
  /** 16 bytes of SHA-256 as 22 characters of base64url: for keys and identities. */
  readonly key: (text: string) => string;
  /** The whole SHA-256 as 43 characters of base64url: for terms that are too long to keep. */
  readonly full: (text: string) => string;
  /** 12 characters of lower-case base32 (60 bits): for the name of a Kubernetes object. */
  readonly name: (text: string) => string;
}
