/* What the server has sent. A tile is one region of the picture: {picture, version, view, region, images, scales, ranges, exact,
   note}; `view` names what was asked for, `scales` says how fine each image is (1: as fine as asked). */

const COLORS = ["#000004", "#1b0c41", "#4a0c6b", "#781c6d", "#a52c60", "#cf4446", "#ed6925", "#fb9b06", "#f7d13d", "#fcffa4"];

/** The color scale of maps as 256 entries of red, green and blue. */
function colorTable() {
  const canvas = new OffscreenCanvas(256, 1);
  const context = canvas.getContext("2d");
  const ramp = context.createLinearGradient(0.5, 0, 255.5, 0);
  COLORS.forEach((color, index) => ramp.addColorStop(index / (COLORS.length - 1), color));
  context.fillStyle = ramp;
  context.fillRect(0, 0, 256, 1);
  return context.getImageData(0, 0, 256, 1).data;
}

/** A gray picture in the colors of the scale. */
function colored(image, table) {
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < pixels.data.length; at += 4) {
    pixels.data.set(table.subarray(4 * pixels.data[at], 4 * pixels.data[at] + 3), at);
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/** The picture of a data URL. */
async function decoded(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

/** What a question is about, whatever its version: two questions of one name show the same place in the same size. */
function viewName(asked) {
  return JSON.stringify([asked.picture, asked.region, asked.width, asked.height]);
}

/** The tile of a reply; images that were not asked for again come from `held`. */
async function tileOf(asked, reply, held, table) {
  const images = { ...held.images };
  const scales = Object.fromEntries(Object.keys(images).map((name) => [name, 1]));
  const ranges = { ...held.ranges, ...reply.ranges };
  const add = async ([name, url]) => {
    const image = await decoded(url);
    images[name] = ranges[name] ? colored(image, table) : image;
    scales[name] = name === "before" ? 1 : (reply.scale ?? 1); // the original is not computed
  };
  await Promise.all(Object.entries(reply.layers || {}).map(add));
  const { picture, version } = asked;
  const { exact = held.exact, note = held.note, region = asked.region } = reply;
  return { picture, version, view: viewName(asked), region, images, scales, ranges, exact, note };
}

/** What `tiles` hold of an answer: images of the same place that are fine, and of the same version or the original. */
function heldFor(asked, tiles) {
  const tile = tiles.find((each) => each && each.view === viewName(asked));
  if (!tile) return { images: {} };
  const fresh = tile.version === asked.version;
  const good = (name) => (fresh || name === "before") && tile.images[name] && tile.scales[name] >= 1;
  const images = Object.fromEntries(asked.layers.filter(good).map((name) => [name, tile.images[name]]));
  return fresh ? { ...tile, images } : { images };
}

/** Keep the images of `old` that are finer, where both tiles answer the same. */
function keepFiner(tile, old) {
  if (!old || old.view !== tile.view || old.version !== tile.version) return;
  for (const name of Object.keys(old.images)) {
    if (old.scales[name] <= (tile.scales[name] ?? 0)) continue;
    [tile.images[name], tile.scales[name]] = [old.images[name], old.scales[name]];
  }
}

/** Whether a tile shows all of the picture. */
function isWhole(tile) {
  const [x0, y0, x1, y1] = tile.region;
  return x0 <= 0 && y0 <= 0 && x1 >= 1 && y1 >= 1;
}
