// Mends what Gradio's components leave out for screen readers and the keyboard. Nothing is asked of a server.
(() => {
  /** Text of the nearest label or heading of a component. */
  const nameOf = (part) => {
    const block = part.closest(".block");
    const label = block && block.querySelector("label, [data-testid='block-info'], [data-testid='block-label']");
    return label ? label.textContent.trim() : "";
  };

  /** Each rule: which parts lack a name, and what to call one. */
  const RULES = [
    ["input[type=checkbox]:not([aria-label])", (part) => part.closest("label") ? "" : rowName(part)],
    ["button:not([aria-label])", (part) => part.textContent.trim() ? "" : nameOf(part)],
    ["button.upload-container[aria-label]", (part) => part.textContent.trim().replace(/\s+/g, " ")],
  ];

  /** The text beside a checkbox in a list of files. */
  const rowName = (part) => (part.parentElement.textContent.trim() || nameOf(part));

  /** Gives each part that lacks a name one. */
  const label = () => {
    for (const [selector, name] of RULES)
      for (const part of document.querySelectorAll(selector)) {
        const text = name(part);
        if (text && part.getAttribute("aria-label") !== text) part.setAttribute("aria-label", text);
      }
  };

  /** Left and right arrows, Home and End move between tabs. */
  const move = (event) => {
    const tab = event.target.closest("[role=tab]");
    if (!tab) return;
    const tabs = [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]")];
    const to = { ArrowLeft: tabs.indexOf(tab) - 1, ArrowRight: tabs.indexOf(tab) + 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs.at(to % tabs.length);
    next.focus();
    next.click();
  };

  addEventListener("keydown", move);
  let planned = 0;
  new MutationObserver(() => {
    planned ||= requestAnimationFrame(() => { planned = 0; label(); });
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
