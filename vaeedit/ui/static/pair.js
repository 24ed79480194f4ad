/** Moves the edge of the result to where the slider stands. */
element.addEventListener('input', (event) => {
  const pair = element.querySelector('.batch-pair');
  if (pair) pair.style.setProperty('--at', `${event.target.value}%`);
});
