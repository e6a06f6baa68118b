// Which file of an upload is sent next and what its end means: six at once, links ten at a time and just before they are
// used, so that no place waits for one. A file that can be at the store already is looked up there before it gets another
// link; to the same link it can be sent again, because that replaces it.

import { describe } from "./upload-chosen.js";
import { answers, faultOf, put } from "./upload-put.js";
import { Refused } from "./upload-server.js";

const ADDED = 500;
const AT_ONCE = 6;
const LINKS = 10;
const UNUSED_LINKS = 20;
const TRIES = 3;
const FAILURES = 6;
const REFUSALS = 2;
const MISSES = 5;
const REPORTS = 100;
const REPORT_AFTER = 500;
const LOOKUPS = 8;
const LOOK_AGAIN_AFTER = 3000;
// What the browser said last of a file can be a moment old: from here on all of it can have been sent.
const NEARLY_ALL = 32_000_000;
const ENDS = ["saved", "failed", "unknown"];
const isPassing = (status) => [408, 425, 429].includes(status) || status >= 500;

export class Queue {
  items = new Map();
  moving = new Set();
  totals = null;
  phase = "idle";
  message = "";
  moved = 0;
  #arriving = [];
  #waiting = [];
  #linked = [];
  #outbox = [];
  #lanes = 0;
  #adding = null;
  #asking = new Set();
  #reporting = null;
  #halt = new AbortController();
  #misses = 0;
  #failures = 0;
  #hasAnswered = false;

  // `changed` hears of a file, `added` of rows that are new in the ledger, `turned` of the whole.
  constructor(server, { changed, added, turned }) {
    Object.assign(this, { server, changed, added, turned });
  }

  get isRunning() { return this.phase === "running"; }
  get left() { return this.#arriving.length + this.#waiting.length + this.#linked.length; }
  get isMoving() { return this.left + this.#asking.size + this.moving.size > 0; }
  get hasMore() { return this.isMoving || this.#outbox.length > 0 || this.retriable.some(({ wasShutOut }) => wasShutOut); }
  get retriable() { return [...this.items.values()].filter((item) => item.state === "failed" && !item.fault); }

  // Saved, and not yet in `totals`.
  get unreported() {
    return this.#outbox.filter(({ state }) => state === "saved").map(({ id }) => this.items.get(id));
  }

  bring(chosen) {
    for (const one of chosen) this.#arriving.push(one);
  }

  start() {
    if (this.#halt.signal.aborted) this.#halt = new AbortController();
    [this.#misses, this.#failures] = [0, 0];
    // Not their fault: the store let nobody in.
    for (const item of this.retriable) if (item.wasShutOut) this.#waiting.push(this.#show(item, "waiting"));
    this.#turn("running");
    this.#report();
    this.#adding ??= this.#addAll().finally(() => {
      this.#adding = null;
      this.#end();
    });
    this.#fill();
  }

  // What is being sent is finished.
  pause() { this.#leave("paused"); }

  stop() {
    if (this.isRunning) this.#leave("stopped");
    else this.#turn("stopped");
    for (const { transfer } of this.moving) transfer.abort();
  }

  retry() {
    for (const item of this.retriable) this.#waiting.push(this.#show(item, "waiting"));
    this.start();
  }

  // What is known goes along with the page, as far as the browser lets it.
  leavePage() {
    const broken = [...this.moving].map(({ id }) => ({ id, state: "unknown", reason: "stopped", status: 0 }));
    const unused = this.#linked.map(({ item: { id } }) => ({ id, state: "waiting", reason: "stopped", status: 0 }));
    const all = [...this.#outbox, ...broken, ...unused];
    if (all.length) this.server.report(all.slice(0, REPORTS), true).catch(() => {});
  }

  #turn(phase, message = "") {
    [this.phase, this.message] = [phase, message];
    this.turned();
  }

  #leave(phase, message = "") {
    if (!this.isRunning) return;
    this.#turn(phase, message);
    this.#halt.abort();
    for (const { item } of this.#linked.splice(0).reverse()) this.#putBack(item);
  }

  #end() {
    const isBusy = this.#lanes || this.isMoving || this.#outbox.length || this.#adding || this.#reporting;
    if (this.isRunning && !isBusy) this.#turn("done");
  }

  // Into the ledger

  async #addAll() {
    while (this.isRunning && this.#arriving.length) {
      const some = this.#arriving.slice(0, ADDED);
      const files = await describe(some);
      const answer = await this.#asked(() => this.server.add(files));
      if (!answer) continue;
      this.#arriving.splice(0, some.length);
      some.forEach(({ file }, place) => this.#take(file, answer.files[place]));
      this.added(some, answer.files, this.#arriving.length);
      this.#fill();
    }
  }

  #take(file, { id, state, message }) {
    const known = this.items.get(id);
    if (!id || (known && !ENDS.includes(known.state))) return;
    const item = { id, file, state, message, loaded: 0, lookups: 0, lookedUpAt: 0, isDoubtful: ["sending", "unknown"].includes(state) };
    this.items.set(id, item);
    if (state !== "saved") this.#waiting.push(this.#show(item, "waiting"));
    else this.changed(item);
  }

  // To the store

  #fill() {
    while (this.isRunning && this.#lanes < AT_ONCE && this.#waiting.length + this.#linked.length + this.#asking.size) {
      this.#lanes += 1;
      this.#lane().finally(() => {
        this.#lanes -= 1;
        this.#end();
      });
    }
    this.#end();
  }

  async #lane() {
    for (let next = await this.#next(); next; next = await this.#next()) await this.#deliver(next.item, next.link);
  }

  async #next() {
    while (this.isRunning) {
      this.#askAhead();
      if (this.#linked.length) return this.#linked.shift();
      if (!this.#asking.size) return null;
      await Promise.race(this.#asking);
    }
    return null;
  }

  // Where there was no answer last time, one request waits for the next.
  #askAhead() {
    const most = this.#misses ? LINKS : UNUSED_LINKS;
    while (this.#waiting.length && this.#linked.length + LINKS * (this.#asking.size + 1) <= most) {
      const asking = this.#askLinks().finally(() => this.#asking.delete(asking));
      this.#asking.add(asking);
    }
  }

  async #askLinks() {
    const some = this.#nextWaiting();
    if (!some.length) return this.#rest(LOOK_AGAIN_AFTER / 3);
    const asked = await this.#surelyMissing(some);
    const answer = asked.length && this.isRunning ? await this.#asked(() => this.server.links(asked.map(({ id }) => id))) : null;
    const given = new Map(answer?.files.map((one) => [one.id, one]));
    const without = [];
    for (const item of asked) {
      const link = given.get(item.id);
      if (link?.url) this.#linked.push({ item, link });
      else if (ENDS.includes(link?.state)) this.#show(item, link.state, link.message);
      else without.push(this.#show(item, "waiting", link?.message));
    }
    this.#waiting.unshift(...without);
    if (!this.isRunning) for (const { item } of this.#linked.splice(0).reverse()) this.#putBack(item);
    else if (answer && without.length === asked.length) await this.#missed(new Refused({ message: answer.message || without[0]?.message }));
    return undefined;
  }

  // Those that were looked up a moment ago have to wait.
  #nextWaiting() {
    const now = performance.now();
    const isDue = (item) => !item.lookedUpAt || now - item.lookedUpAt > LOOK_AGAIN_AFTER;
    const some = this.#waiting.filter(isDue).slice(0, LINKS);
    const taken = new Set(some);
    if (some.length) this.#waiting = this.#waiting.filter((item) => !taken.has(item));
    return some;
  }

  // A file that was on its way before can be at the store, or arrive there a little later.
  async #surelyMissing(items) {
    const found = await Promise.all(items.map((item) => (item.isDoubtful ? this.#isThere(item) : false)));
    for (const item of items.filter((_, place) => found[place] === null)) {
      if (item.lookups >= LOOKUPS) this.#tell(item, "unknown", { reason: "silence" });
      else this.#waiting.push(this.#show(item, "waiting"));
    }
    return items.filter((_, place) => found[place] === false);
  }

  async #deliver(item, first) {
    Object.assign(item, { isRenewed: false, refusals: 0 });
    let [link, tries] = [first, 0];
    while (link) {
      if (!this.isRunning) return this.#putBack(item);
      const outcome = await this.#send(item, link);
      if (!outcome) return undefined;
      if (outcome.status === 403) {
        link = await this.#renewed(item);
        continue;
      }
      if (outcome.status && !isPassing(outcome.status)) return this.#failed(item, { reason: "status", status: outcome.status });
      tries += 1;
      const isThere = outcome.status && tries <= TRIES ? null : await this.#isThere(item);
      if (isThere) return undefined;
      if (await this.#isRefusedOrigin(item, outcome, link)) return this.#failed(item, { reason: "refused-origin" });
      if (tries > TRIES) return this.#gaveUp(item, outcome, isThere);
      this.#show(item, "waiting");
      if (!item.refusals) await this.#rest(1000 * 2 ** tries);
      if (isThere === false && this.isRunning) link = await this.#anotherLink(item);
    }
    return undefined;
  }

  // The outcome, where it is not the end.
  async #send(item, link) {
    const fault = await faultOf(item.file);
    if (fault) return this.#broken(item, fault);
    const outcome = await this.#put(item, link);
    this.#hasAnswered ||= Boolean(outcome.status);
    if (outcome.status >= 200 && outcome.status < 300) return this.#saved(item);
    item.isDoubtful ||= Boolean(outcome.lost && item.file.size - outcome.sent < NEARLY_ALL) || outcome.status >= 500;
    if (outcome.lost === "abort") return this.#putBack(item);
    const after = outcome.lost === "error" ? await faultOf(item.file) : "";
    return after ? this.#broken(item, after) : outcome;
  }

  async #put(item, link) {
    item.transfer = put(item.file, link, (loaded) => {
      this.moved += loaded - item.loaded;
      item.loaded = loaded;
      this.changed(item);
    });
    this.moving.add(item);
    this.#show(item, "sending");
    const outcome = await item.transfer.done;
    this.moving.delete(item);
    Object.assign(item, { transfer: null, loaded: 0 });
    return outcome;
  }

  // Once for each time a file is sent: the life of a link can be over before its turn comes.
  async #renewed(item) {
    if (item.isRenewed) return this.#failed(item, { reason: "status", status: 403 });
    item.isRenewed = true;
    if (item.isDoubtful && (await this.#isThere(item)) !== false) return item.state === "saved" ? null : this.#putBack(item);
    return this.#anotherLink(item);
  }

  async #anotherLink(item) {
    const answer = await this.#asked(() => this.server.links([item.id], true));
    const link = answer?.files[0];
    return link?.url ? link : this.#putBack(item);
  }

  async #isRefusedOrigin(item, { lost, sent }, { url }) {
    const isLikely = lost === "error" && !sent && !this.#hasAnswered && (await answers(url));
    item.refusals = isLikely ? item.refusals + 1 : 0;
    return item.refusals >= REFUSALS;
  }

  // Whether the store has it: true, false, or null where nobody could say.
  async #isThere(item) {
    this.#show(item, "checking");
    item.lookups += 1;
    const found = await this.#asked(() => this.server.check(item.id), false);
    item.lookedUpAt = performance.now();
    if (!found || ["sending", "unknown"].includes(found.state)) return null;
    Object.assign(item, { isDoubtful: false, lookups: 0, lookedUpAt: 0 });
    if (found.state !== "saved") return false;
    this.#failures = 0;
    this.#show(item, "saved", found.message);
    return true;
  }

  // How a file ended

  #saved(item) {
    this.#failures = 0;
    return this.#tell(item, "saved");
  }

  #broken(item, fault) {
    item.fault = fault;
    return this.#tell(item, "failed", { reason: fault });
  }

  #gaveUp(item, { status = 0 }, isThere) {
    if (isThere === null) return this.#tell(item, "unknown", { reason: "silence" });
    return this.#failed(item, status ? { reason: "status", status } : { reason: "silence" });
  }

  async #failed(item, { reason, status = 0 }) {
    this.#failures += 1;
    item.wasShutOut = reason === "refused-origin";
    this.#tell(item, "failed", { reason, status });
    if (reason !== "refused-origin" && this.#failures < FAILURES) return null;
    await this.#report();
    this.#leave("held", item.message);
    return null;
  }

  #putBack(item) {
    this.#waiting.unshift(this.#show(item, "waiting"));
    return this.#note(item, item.isDoubtful ? "unknown" : "waiting", { reason: "stopped" });
  }

  #show(item, state, message = "") {
    Object.assign(item, { state, message });
    this.changed(item);
    return item;
  }

  #tell(item, state, how) {
    this.#show(item, state);
    return this.#note(item, state, how);
  }

  #note({ id }, state, { reason = "", status = 0 } = {}) {
    this.#outbox.push({ id, state, reason, status });
    this.#report();
    return null;
  }

  // To the ledger: one report at a time, each with all that is known by then. While more is to come it waits a moment.

  #report() {
    this.#reporting ??= this.#sendReports().finally(() => {
      this.#reporting = null;
      this.#end();
    });
    return this.#reporting;
  }

  async #sendReports() {
    while (this.#outbox.length) {
      if (this.isMoving) await this.#rest(REPORT_AFTER);
      const some = this.#outbox.slice(0, REPORTS);
      const answer = await this.#asked(() => this.server.report(some));
      if (answer) this.#outbox.splice(0, some.length);
      else if (!this.isRunning) return;
      for (const { id, state, message } of answer?.files ?? []) this.#heard(this.items.get(id), state, message);
    }
    this.turned();
  }

  // The ledger has the last word on what is over here.
  #heard(item, state, message) {
    if (item && ENDS.includes(item.state) && ENDS.includes(state)) this.#show(item, state, message);
  }

  // The console's answer; null where there was none, after a wait or with everything held.
  // Without `isVital` the rest goes on without it.
  async #asked(ask, isVital = true) {
    const { signal } = this.#halt;
    try {
      const answer = await ask();
      this.#misses = 0;
      if (answer.totals) this.totals = answer.totals;
      return answer;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // It was asked before somebody went on, perhaps in a session that is over.
      if (signal !== this.#halt.signal) return null;
      if (isVital || error.needsSignIn) await this.#missed(error);
      return null;
    }
  }

  async #missed({ message, retryIn, needsSignIn, isFinal }) {
    this.#misses += 1;
    if (needsSignIn) return this.#leave("signed-out");
    if (isFinal || this.#misses > MISSES) return this.#leave("held", message);
    if (this.isRunning) this.#turn("running", message);
    await this.#rest(1000 * (retryIn ?? 2 ** this.#misses));
    if (this.isRunning) this.#turn("running");
    return undefined;
  }

  // Ends early when everything is halted.
  #rest(milliseconds) {
    const { signal } = this.#halt;
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", resolve, { once: true });
      setTimeout(resolve, milliseconds);
    });
  }
}
