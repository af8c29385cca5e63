// Calls a running market with types that openapi-typescript makes of its description. Prints what it saw as one line
// of JSON.
import assert from "node:assert/strict";
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./api.js";

type BriefIn = components["schemas"]["BriefIn"];
type BidIn = components["schemas"]["BidIn"];
type Problem = components["schemas"]["Problem"];
type Party = { client: Client<paths>; id: string };
type Answered<T> = { data?: T; error?: unknown; response: Response };

const url = process.argv[2]!;
const password = "a long enough password";

function once(): { "Idempotency-Key": string } {
  return { "Idempotency-Key": crypto.randomUUID() };
}

function daysFromNow(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString();
}

function result<T>({ data, error, response }: Answered<T>): T {
  assert.ok(data !== undefined, `${response.status} ${response.url} ${JSON.stringify(error)}`);
  return data;
}

async function repeated<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + 180_000; Date.now() < deadline; await new Promise((go) => setTimeout(go, 100))) {
    const seen = await ask();
    if (seen !== undefined) return seen;
  }
  throw new Error("it did not happen");
}

async function signUp(kind: "brand" | "creator", name: string): Promise<Party> {
  const stranger = createClient<paths>({ baseUrl: url });
  const email = `${crypto.randomUUID()}@example.org`;
  const seat = result(await stranger.POST("/api/v1/sign-up", { body: { email, password, name, party: { kind, name } } }));
  const session = result(await stranger.POST("/api/v1/sessions", { body: { email, password } }));
  const headers = { Authorization: `Bearer ${session.token}` };
  return { client: createClient<paths>({ baseUrl: url, headers }), id: seat.party.id };
}

const briefIn: BriefIn = {
  title: "A drink in a short film",
  product: { name: "Lime soda", category: "food" },
  brand: { names: ["Lime Island"] },
  markets: ["CN"],
  placement_kinds: ["plot_use"],
  tolerance: 60,
  budget: { amount_minor: 6_000_000, currency: "CNY" },
  deliverables: [{ kind: "video", count: 1, length_tiers: ["21-60"] }],
  publish_window: { starts_at: daysFromNow(30), ends_at: daysFromNow(60) },
  bids_close_at: daysFromNow(10),
  closing_window_s: 0,
};

function bidIn(channel_id: string): BidIn {
  return {
    channel_id,
    price: { model: "flat", amount: { amount_minor: 1_200_000, currency: "CNY" } },
    deliverables: [{ kind: "video", count: 1, length_tier: "21-60" }],
    plan: {
      duration_s: 55,
      exposures: [
        { kind: "product", start_s: { low: 28, high: 32 }, seconds: 3, area_share: "background", centre: 0.8 },
      ],
    },
  };
}

const brand = await signUp("brand", "Lime Island");
const creator = await signUp("creator", "Mei");

const brief = result(await brand.client.POST("/api/v1/briefs", { params: { header: once() }, body: briefIn }));
const path = { brief_id: brief.id };
result(await brand.client.POST("/api/v1/briefs/{brief_id}/publish", { params: { path, header: once() } }));

const channel = result(
  await creator.client.POST("/api/v1/channels", {
    params: { header: once() },
    body: { platform: "bilibili", handle: `mei-${Date.now()}`, name: "Mei draws" },
  }),
);
const snapshot = result(
  await creator.client.POST("/api/v1/channels/{channel_id}/audience-snapshots", {
    params: { path: { channel_id: channel.id }, header: once() },
    body: { taken_on: daysFromNow(0).slice(0, 10), followers: 860_000, ages: { "18-30": 0.7, "31+": 0.3 } },
  }),
);
const bid = result(
  await creator.client.POST("/api/v1/briefs/{brief_id}/bids", {
    params: { path, header: once() },
    body: bidIn(channel.id),
  }),
);
const listed = result(await creator.client.GET("/api/v1/bids", { params: { query: { brief_id: brief.id } } }));

result(await brand.client.POST("/api/v1/briefs/{brief_id}/close", { params: { path, header: once() } }));
const ranking = await repeated(async () => {
  const seen = result(await brand.client.GET("/api/v1/briefs/{brief_id}/ranking", { params: { path } }));
  return seen.total === seen.fresh ? seen : undefined;
});

const refused = await brand.client.POST("/api/v1/briefs", {
  params: { header: once() },
  body: { ...briefIn, tolerance: 500 },
});
const problem: Problem | undefined = refused.error;
const nowhere = await brand.client.GET("/api/v1/briefs/{brief_id}", {
  params: { path: { brief_id: `brf_${"0".repeat(26)}` } },
});

console.log(
  JSON.stringify({
    brief: brief.id,
    brand_is_its_own: brief.brand_id === brand.id,
    followers: snapshot.followers,
    ages: snapshot.margins.age,
    bid: bid.id,
    starts: bid.plan.exposures[0]?.start_s,
    listed: listed.data.map((one) => one.id),
    ranked: ranking.data.map((one) => [one.bid_id, one.rank]),
    reasons: ranking.data.flatMap((one) => one.reasons.map((reason) => reason.zh.length > 0)),
    refused: [refused.response.status, problem?.type, problem?.errors?.map((fault) => fault.pointer)],
    nowhere: [nowhere.response.status, nowhere.error?.request_id === nowhere.response.headers.get("X-Request-Id")],
  }),
);
