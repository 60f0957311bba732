// What a token for this API says: whom it is for, which key made it, and on whose behalf.

import type { Json } from "./json.ts";

/** What every token for this API has among its `aud`. */
export const apiAudience = "https://api.statebacked.dev/";

/** Who a token says has issued it when its maker says nothing else. */
export function defaultIssuer(keyId: string): string {
  return `https://${keyId}.client.statebacked.dev/`;
}

/**
 * A value as JSON whose base64url has neither `-` nor `_`. A published client reads the payload of its token with `atob`, which knows
 * neither, and then never learns when the token expires. They stand for six bits of 111110 and 111111, which in ASCII only `>`, `~`, `?`
 * and DEL have, as their last ones; JSON can write those, and whatever is not ASCII, as `\uXXXX`.
 */
export function atobSafeJson(value: Json): string {
  return JSON.stringify(value).replace(
    /[>?\u007e-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
