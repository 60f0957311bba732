// From parcel to shipment: every state has another name, packing lies deeper, and the weight moves within the context.
const states = {
  packing: ["preparing", "open"],
  weighing: ["preparing", "open"],
  "route.where.depot": ["transit", "place", "warehouse"],
  "route.where.van": ["transit", "place", "truck"],
  "route.customs.waiting": ["transit", "border", "queued"],
  "route.customs.cleared": ["transit", "border", "passed"],
  held: ["stopped"],
};

export const upgradeState = (path) => states[path.join(".")];

export const upgradeContext = (oldPaths, newPaths, { public: { grams }, ...rest }) => ({
  ...rest,
  public: {
    load: { grams },
    cameFrom: oldPaths.map((path) => path.join(".")),
    wentTo: newPaths.map((path) => path.join(".")),
  },
});
