// Billing: the address of a page that says there is none.

import type { GetBillingResponse } from "../spec/generated/types.ts";
import type { Operation } from "./services.ts";

export const getBilling: Operation = async (_services, _caller, { baseUrl }) => {
  const body: GetBillingResponse = { url: `${baseUrl}/_settle/billing` };
  return { status: 200, body };
};
