/** Triggers "pulse" at once and then again and again, but never while the tab, or the whole page, is hidden. */
const beat = () => {
  if (!element.isConnected) clearInterval(timer);
  else if (!document.hidden && element.offsetParent !== null) trigger('pulse');
};
const timer = setInterval(beat, props.seconds * 1000);
