/* Questions to the server: one at a time, the newest wins. */

const PAUSE = 30; // milliseconds without movement after which is asked
const LONGEST = 250; // milliseconds of movement after which is asked all the same
const PATIENCE = 1000; // milliseconds after which a newer question no longer waits for the reply to the older one
const ROUNDS = 3; // how often a coarse answer is asked for again

/** Whether the server dropped a question for another one. */
function isEmpty(reply) {
  return !reply.error && !Object.keys(reply.layers || {}).length;
}

/** Sends what `wanted()` names, once it has rested; `arrived(asked, reply, held)` takes replies in their order. */
function makeAsking({ wanted, heldOf, send, current, arrived, failed, waiting }) {
  let [timer, first, sent, newest, drawn] = [0, 0, 0, 0, 0];

  /** Ask soon: at once, or after a rest. */
  function ask(now) {
    const time = performance.now();
    first = first || time;
    const rest = now ? 0 : Math.min(PAUSE, first + LONGEST - time);
    clearTimeout(timer);
    timer = setTimeout(() => step(0), Math.max(0, rest, sent && sent + PATIENCE - time));
  }

  /** Send one question and take its reply; `finer` counts how often this one was answered coarsely. */
  async function step(finer) {
    clearTimeout(timer);
    const mine = ++newest;
    const asked = wanted();
    const held = asked && heldOf(asked);
    const layers = asked ? asked.layers.filter((name) => !held.images[name]) : [];
    [timer, first, sent] = [0, 0, layers.length ? performance.now() : 0];
    waiting(sent > 0);
    if (!layers.length) return void (asked && arrived(asked, {}, held));
    const reply = await answered(asked, { ...asked, layers, finer }, held, mine);
    if (mine !== newest) return;
    if (timer) return void step(0);
    if (reply && finer < ROUNDS && (isEmpty(reply) || reply.scale < 1)) return void step(finer + 1);
    sent = 0;
    waiting(false);
  }

  /** The reply, shown unless a newer one is; null if there is none to go on with. */
  async function answered(asked, question, held, mine) {
    try {
      const reply = await send(question);
      if (mine < drawn || !current(asked, reply) || (mine < newest && isEmpty(reply))) return null;
      drawn = mine;
      await arrived(asked, reply, held);
      return reply.error ? null : reply;
    } catch (error) {
      if (mine === newest) failed(error);
      return null;
    }
  }

  return ask;
}
