/**
 * What every answer of a dashboard says to browsers.
 * @module
 */
import { secureHeaders } from "hono/secure-headers";
import type { MiddlewareHandler } from "hono";

const OWN = ["'self'"];

/** Scripts and styles only from the dashboard's own files, no frames, nothing guessed, nothing kept. */
export const safeHeaders: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: OWN,
    styleSrc: OWN,
    imgSrc: OWN,
    connectSrc: OWN,
    formAction: OWN,
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: "DENY",
  referrerPolicy: "same-origin",
  // Whether a host has TLS is the business of who puts it in front.
  strictTransportSecurity: false,
});

/** No cache keeps what it is shown, but for the files that every page loads. */
export const noStore: MiddlewareHandler = async (context, next) => {
  await next();
  if (!context.res.headers.has("Cache-Control")) context.res.headers.set("Cache-Control", "no-store");
};
