/* Where the picture stands on the canvas. A view is {scale, x, y}: pixels of the screen for one of the picture, and where on the
   canvas its corner is. x and y are whole, so that at 1:1 the pixels of the picture are pixels of the screen. */

const LARGEST = 32;
const STEP = 1.5;

/** The scale at which the whole picture fits; a small picture is enlarged by a whole number. */
function fitScale(size, stage) {
  const scale = Math.min(stage.width / size.width, stage.height / size.height);
  return scale > 1 ? Math.min(Math.floor(scale), LARGEST) : scale;
}

/** One coordinate of the corner: the picture in the middle where it is smaller than the stage, else without gaps at its edges. */
function settled(start, picture, stage) {
  const whole = Math.round(picture);
  if (whole <= stage) return Math.round((stage - whole) / 2);
  return Math.round(Math.min(0, Math.max(stage - whole, start)));
}

/** The view with its corner where it may be. */
function settledView(view, size, stage) {
  return {
    scale: view.scale,
    x: settled(view.x, size.width * view.scale, stage.width),
    y: settled(view.y, size.height * view.scale, stage.height),
  };
}

/** The view that fits the whole picture. */
function fitView(size, stage) {
  return settledView({ scale: fitScale(size, stage), x: 0, y: 0 }, size, stage);
}

/** The view zoomed to `scale`, with what was at the point `from` of the canvas at the point `to`. */
function zoomedView(view, scale, from, to, size, stage) {
  const ratio = scale / view.scale;
  return settledView({ scale, x: to.x - (from.x - view.x) * ratio, y: to.y - (from.y - view.y) * ratio }, size, stage);
}

/** A scale between fit, or 1:1 where that is less, and the largest. */
function allowedScale(scale, size, stage) {
  return Math.min(LARGEST, Math.max(Math.min(1, fitScale(size, stage)), scale));
}

/** The scale `factor` times as large; it stops at 1:1 on its way. */
function nextScale(scale, factor, size, stage) {
  const next = scale * factor;
  const passes = (scale < 1 && next > 1) || (scale > 1 && next < 1);
  return allowedScale(passes ? 1 : next, size, stage);
}

/** The part of one side of the picture that is seen: [from, to] as fractions, and how many pixels to ask for. */
function seenSide(start, length, scale, stage) {
  const end = start + Math.round(length * scale);
  const [first, last] = [Math.max(0, start), Math.min(stage, end)];
  const from = first === start ? 0 : (first - start) / scale;
  const to = last === end ? length : (last - start) / scale;
  if (scale < 1) return { from: from / length, to: to / length, pixels: last - first };
  const [left, right] = [Math.floor(from + 1e-6), Math.min(length, Math.ceil(to - 1e-6))]; // whole pixels
  return { from: left / length, to: right / length, pixels: right - left };
}

/** What to ask for: the region that is seen, as fractions of the picture, and its size in pixels. */
function seen(view, size, stage) {
  const across = seenSide(view.x, size.width, view.scale, stage.width);
  const down = seenSide(view.y, size.height, view.scale, stage.height);
  const region = [across.from, down.from, across.to, down.to];
  return { region, width: Math.max(1, across.pixels), height: Math.max(1, down.pixels) };
}

/** Where a region stands on the canvas. */
function placed(region, view, size) {
  const [x0, y0, x1, y1] = region;
  const x = Math.round(view.x + x0 * size.width * view.scale);
  const y = Math.round(view.y + y0 * size.height * view.scale);
  return {
    x,
    y,
    width: Math.max(1, Math.round(view.x + x1 * size.width * view.scale) - x),
    height: Math.max(1, Math.round(view.y + y1 * size.height * view.scale) - y),
  };
}

/** The view of the same place after the picture has changed its size: 1:1 stays 1:1, else it looks as large as before. */
function resizedView(view, old, size, oldStage, stage) {
  const scale = view.scale === 1 ? 1 : (view.scale * old.width) / size.width;
  const middle = (side, corner, length) => (oldStage[side] / 2 - corner) / (length * view.scale);
  const x = stage.width / 2 - middle("width", view.x, old.width) * size.width * scale;
  const y = stage.height / 2 - middle("height", view.y, old.height) * size.height * scale;
  return settledView({ scale: allowedScale(scale, size, stage), x, y }, size, stage);
}
