/** A small picture that is pressed is looked at. */
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-output]');
  if (button) trigger('look', { output: button.dataset.output });
});
