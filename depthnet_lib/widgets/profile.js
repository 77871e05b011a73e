// The view of widgets/profile.py: a face in profile whose points are dragged along depth.
const NEAR = 16; // pixels within which a press takes hold of a point
const STEP = { ArrowLeft: -1, ArrowRight: 1 };

function render({ model, el }) {
  const [width, height] = [model.get("width"), model.get("height")];
  const canvas = Object.assign(document.createElement("canvas"), { width, height, tabIndex: 0 });
  canvas.className = "depth-profile";
  Object.assign(canvas.style, { cursor: "ew-resize", touchAction: "none", border: "1px solid #ccc" });
  el.append(canvas);
  const rows = () => model.get("rows"); // y of each point in the view; depth alone moves
  let z = [...model.get("z")], held = -1, chosen = -1, waiting = false;

  // depth 0 is in the middle; the larger depth, toward the viewer, is to the right
  const toX = (depth) => width / 2 + (depth * width) / 2 / model.get("reach");
  const toDepth = (x) => ((x - width / 2) * 2 * model.get("reach")) / width;

  function draw() {
    const c = canvas.getContext("2d");
    c.fillStyle = "white";
    c.fillRect(0, 0, width, height);
    c.strokeStyle = "#ddd";
    c.beginPath();
    c.moveTo(width / 2, 0);
    c.lineTo(width / 2, height);
    c.stroke();
    c.strokeStyle = "#999";
    for (const line of model.get("lines")) {
      c.beginPath();
      for (const i of line) c.lineTo(toX(z[i]), rows()[i]);
      c.stroke();
    }
    z.forEach((depth, i) => {
      c.beginPath();
      c.arc(toX(depth), rows()[i], i === chosen ? 6 : 4, 0, 7);
      c.fillStyle = i === chosen ? "#d55e00" : "#0072b2"; // Okabe and Ito's colours: told apart by everyone
      c.fill();
    });
    c.fillStyle = "#555";
    c.font = "12px sans-serif";
    c.fillText("far", 4, height - 6);
    c.fillText("near", width - 30, height - 6);
    if (chosen >= 0) c.fillText(`point ${chosen}: depth ${z[chosen].toFixed(1)}`, 4, 14);
  }

  // One message a frame at most, however fast the mouse is; the kernel gets the newest state.
  function send() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      model.set("z", [...z]);
      model.save_changes();
    });
  }

  function place(event) {
    const r = canvas.getBoundingClientRect();
    return [((event.clientX - r.left) * width) / r.width, ((event.clientY - r.top) * height) / r.height];
  }

  canvas.onpointerdown = (event) => {
    const [x, y] = place(event);
    const far = z.map((depth, i) => Math.hypot(toX(depth) - x, rows()[i] - y));
    const nearest = far.indexOf(Math.min(...far));
    held = chosen = far[nearest] < NEAR ? nearest : -1;
    canvas.setPointerCapture(event.pointerId);
    draw();
  };
  canvas.onpointermove = (event) => {
    if (held < 0) return;
    z[held] = toDepth(Math.min(Math.max(place(event)[0], 0), width));
    draw();
    send();
  };
  canvas.onpointerup = () => (held = -1);
  canvas.onkeydown = (event) => {
    if (!(event.key in STEP) || chosen < 0) return;
    z[chosen] += (STEP[event.key] * model.get("reach")) / 100;
    draw();
    send();
    event.preventDefault();
    event.stopPropagation();
  };

  const update = () => {
    if (held < 0) z = [...model.get("z")]; // what comes back during a drag is older than the drag
    draw();
  };
  model.on("change:z", update);
  draw();
  return () => model.off("change:z", update);
}

export default { render };
