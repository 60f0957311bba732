// The formats of JSON Schema for ajv: ajv-formats', with a short way for what this API answers hundreds of times in one page of a list.

import type { Ajv } from "ajv";
import ajvFormats from "ajv-formats";

/** A moment in UTC with milliseconds, the 29th of February apart: that this is a date-time takes one match instead of three and a split. */
const usualMoment =
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/** Adds all formats. The verdicts are those of ajv-formats, which is asked whenever the short way doesn't know. */
export function addFormats(ajv: Ajv): void {
  ajvFormats.default(ajv);
  const dateTime = ajvFormats.default.get("date-time") as { validate: (text: string) => boolean };
  ajv.addFormat("date-time", { validate: (text: string) => usualMoment.test(text) || dateTime.validate(text) });
}
