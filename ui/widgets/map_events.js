// Listens to a Plotly chart of the page. Text comes in through textContent only.

const LOOK_AGAIN_MS = 200;
const REST_MS = 60; // the mouse rests this long on a point before its image is asked for
const KEPT = 400; // images that are remembered

function draw(tip, about) {
  const image = document.createElement("img");
  image.alt = "";
  image.src = about.src;
  const lines = [about.title, ...about.lines].map((words) => {
    const line = document.createElement("div");
    line.textContent = words;
    return line;
  });
  tip.className = about.tiny ? "tip tiny" : "tip";
  tip.replaceChildren(image, ...lines);
}

// Beside the mouse, on the side where there is room.
function move(tip, at) {
  const [width, height] = [tip.offsetWidth || 150, tip.offsetHeight || 190];
  const right = at.x + 18 + width < window.innerWidth;
  tip.style.left = `${right ? at.x + 18 : Math.max(4, at.x - 18 - width)}px`;
  tip.style.top = `${Math.max(4, Math.min(at.y - height / 2, window.innerHeight - height - 4))}px`;
}

function corners(event) {
  if (event?.lassoPoints) return event.lassoPoints.x.map((x, i) => [x, event.lassoPoints.y[i]]);
  if (!event?.range) return null;
  const [[x0, x1], [y0, y1]] = [event.range.x, event.range.y];
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}

const named = (point) => `${point.data.meta}:${point.customdata}`;

function listen(chart, held) {
  let resting = 0;
  chart.on("plotly_hover", (event) => {
    if (!event.points[0].data.meta) return; // a dropped image is of no set
    const id = named(event.points[0]);
    held.at = { x: event.event.clientX, y: event.event.clientY };
    held.over = id;
    held.show();
    clearTimeout(resting);
    if (!held.known.has(id)) resting = setTimeout(() => held.send("hovered", id), REST_MS);
  });
  chart.on("plotly_unhover", () => {
    clearTimeout(resting);
    held.over = null;
    held.show();
  });
  chart.on("plotly_click", (event) => {
    if (event.points[0].data.meta) held.send("clicked", named(event.points[0]));
  });
  chart.on("plotly_selected", (event) => {
    const outline = corners(event);
    const told = JSON.stringify(outline);
    // Plotly tells of a selection again whenever it draws one anew.
    if (!outline || told === held.told) return;
    held.told = told;
    held.send("outline", outline);
  });
}

export default function ({ data, parentElement, setTriggerValue }) {
  let tip = parentElement.querySelector(".tip");
  if (!tip) {
    tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    parentElement.append(tip);
    const held = { known: new Map(), over: null, told: "", at: { x: 0, y: 0 } };
    held.show = () => {
      const about = held.known.get(held.over);
      tip.hidden = !about;
      if (!about) return;
      draw(tip, about);
      move(tip, held.at);
    };
    tip.held = held;
  }
  const held = tip.held;
  held.send = setTriggerValue;
  if (data.tip) {
    if (held.known.size >= KEPT) held.known.clear();
    held.known.set(data.tip.id, data.tip);
    held.show();
  }
  // The chart may come later than this, and another one may take its place.
  const look = () => {
    const chart = document.querySelector(`.st-key-${data.chart} .js-plotly-plot`);
    if (chart?.on && chart !== held.chart) {
      held.chart = chart;
      listen(chart, held);
    }
  };
  look();
  const again = setInterval(look, LOOK_AGAIN_MS);
  return () => clearInterval(again);
}
