/* Questions to the server: one at a time, the newest wins. */

const PAUSE = 70; // milliseconds without movement after which is asked
const LONGEST = 250; // milliseconds of movement after which is asked all the same
const ROUNDS = 3; // how often a coarse answer is asked for again

/** Whether the server dropped a question for another one. */
function isEmpty(reply) {
  return !reply.error && !Object.keys(reply.layers || {}).length;
}

/** Sends what `wanted()` names, once it has rested; `arrived(asked, reply, held)` takes the reply, unless its version is old. */
function makeAsking({ wanted, heldOf, send, current, arrived, failed, waiting }) {
  let [timer, first, flying, again] = [0, 0, false, false];

  /** Ask soon: at once, or after a rest. */
  function ask(now) {
    if (flying) return void (again = true);
    first = first || performance.now();
    clearTimeout(timer);
    const rest = now ? 0 : Math.max(0, Math.min(PAUSE, first + LONGEST - performance.now()));
    timer = setTimeout(() => step(0, 0), rest);
  }

  /** Send one question and take its reply; `finer` counts the times, `fineness` is that of the last reply. */
  async function step(finer, fineness) {
    [first, again] = [0, false];
    const asked = wanted();
    const held = asked && heldOf(asked);
    const layers = asked && asked.layers.filter((name) => !held.images[name]);
    if (!asked) return;
    if (!layers.length) return void arrived(asked, {}, held);
    flying = true;
    waiting(true);
    const reply = await answered(asked, { ...asked, layers, finer }, held);
    flying = false;
    const scale = reply && !isEmpty(reply) ? reply.scale : 0;
    if (again) return void step(0, 0);
    if (reply && finer < ROUNDS && scale < 1 && (scale > fineness || !scale)) return void step(finer + 1, scale);
    waiting(false);
  }

  /** The reply, shown unless it is old; null if there is none to go on with. */
  async function answered(asked, question, held) {
    try {
      const reply = await send(question);
      if (!current(asked, reply)) return null;
      await arrived(asked, reply, held);
      return reply.error ? null : reply;
    } catch (error) {
      failed(error);
      return null;
    }
  }

  return ask;
}
