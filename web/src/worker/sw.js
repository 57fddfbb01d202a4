/**
 * The service worker: keeps the shell of the app on the device, so that it opens without the server.
 * Never touches the API, and never reloads a page. `BUILD` and `SHELL` are put in by the build.
 */
const BUILD = "__BUILD__";
const SHELL = ["__SHELL__"];

const PREFIX = "leeward ";
const CACHE = PREFIX + BUILD;
/** A page that is open may still ask for the parts of the build before. */
const CACHES_KEPT = 2;
/** A server that is slower than this is as good as away, for opening the app. */
const PATIENCE_MS = 1500;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(SHELL))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOld().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (/^\/(api|hooks)(\/|$)/.test(url.pathname)) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(asset(request));
  else if (SHELL.includes(url.pathname)) event.respondWith(freshOr(request));
});

/** Any page of the app: the server's if it answers soon, else the one kept. */
async function page(request) {
  const kept = () => caches.match("/", { ignoreVary: true });
  try {
    const answer = await soon(fetch(request));
    return answer.status >= 500 ? ((await kept()) ?? answer) : answer;
  } catch {
    return (await kept()) ?? Response.error();
  }
}

/** Names carry a hash of what is in them: what is kept is right for ever. */
async function asset(request) {
  const kept = await caches.match(request, { ignoreVary: true });
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  if (answer.ok) {
    const cache = await caches.open(CACHE);
    await cache.put(request, answer.clone());
  }
  return answer;
}

async function freshOr(request) {
  try {
    return await soon(fetch(request));
  } catch {
    return (await caches.match(request, { ignoreVary: true })) ?? Response.error();
  }
}

function soon(answer) {
  return Promise.race([
    answer,
    new Promise((_, reject) => {
      setTimeout(() => reject(new Error("no answer in time")), PATIENCE_MS);
    }),
  ]);
}

/** `caches.keys` are in the order in which they were made. */
async function forgetOld() {
  const mine = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  const old = mine.slice(0, Math.max(0, mine.length - CACHES_KEPT + 1));
  await Promise.all(old.map((name) => caches.delete(name)));
}
