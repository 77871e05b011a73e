// The view of keypoints/editor.py: a photo, points over it that can be dragged, Undo and Save.
const NEAR = 14; // pixels within which a click takes hold of a point
const STEP = { ArrowLeft: [-0.5, 0], ArrowRight: [0.5, 0], ArrowUp: [0, -0.5], ArrowDown: [0, 0.5] };

function render({ model, el }) {
  const size = model.get("size");
  const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size, tabIndex: 0 });
  Object.assign(canvas.style, { maxWidth: "100%", cursor: "crosshair", touchAction: "none" });
  const status = document.createElement("span");
  const button = (text, what) => {
    const b = Object.assign(document.createElement("button"), { textContent: text });
    b.className = "jupyter-button";
    b.onclick = () => model.send({ do: what });
    return b;
  };
  const bar = document.createElement("div");
  bar.append(button("Undo", "undo"), ...(model.get("can_save") ? [button("Save", "save")] : []), " ", status);
  el.append(canvas, bar);

  const photo = new Image();
  let points = model.get("view_points").map((p) => [...p]);
  let held = -1, chosen = -1, moved = false;

  function draw() {
    const c = canvas.getContext("2d");
    c.drawImage(photo, 0, 0, size, size);
    c.lineWidth = 1;
    c.strokeStyle = "rgba(255, 255, 255, 0.7)";
    for (const line of model.get("lines")) {
      c.beginPath();
      for (const i of line) c.lineTo(points[i][0] + 0.5, points[i][1] + 0.5);
      c.stroke();
    }
    points.forEach(([x, y], i) => {
      c.beginPath();
      c.arc(x + 0.5, y + 0.5, i === chosen ? 5 : 3, 0, 7);
      c.fillStyle = i === chosen ? "#d55e00" : "#56b4e9"; // Okabe and Ito's colours: told apart by everyone
      c.fill();
    });
    status.textContent = model.get("message") || (chosen >= 0 ? `point ${chosen}` : "drag a point");
  }

  function place(event) {
    const r = canvas.getBoundingClientRect();
    return [((event.clientX - r.left) * size) / r.width - 0.5, ((event.clientY - r.top) * size) / r.height - 0.5];
  }

  function send() {
    model.send({ do: "move", index: chosen, xy: points[chosen] });
  }

  canvas.onpointerdown = (event) => {
    const [x, y] = place(event);
    const far = points.map(([a, b]) => Math.hypot(a - x, b - y));
    const nearest = far.indexOf(Math.min(...far));
    held = chosen = far[nearest] < NEAR ? nearest : -1;
    moved = false;
    canvas.setPointerCapture(event.pointerId);
    draw();
  };
  canvas.onpointermove = (event) => {
    if (held < 0) return;
    points[held] = place(event);
    moved = true;
    draw();
  };
  canvas.onpointerup = () => {
    if (moved) send();
    moved = false;
    held = -1;
  };
  canvas.onkeydown = (event) => {
    if (event.key in STEP && chosen >= 0) {
      points[chosen] = points[chosen].map((v, k) => v + STEP[event.key][k]);
      send();
    } else if (event.key === "z" && (event.ctrlKey || event.metaKey)) {
      model.send({ do: "undo" });
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    draw();
  };

  const update = () => {
    points = model.get("view_points").map((p) => [...p]);
    draw();
  };
  model.on("change:view_points", update);
  model.on("change:message", draw);
  photo.onload = draw;
  photo.src = model.get("picture");
  return () => {
    model.off("change:view_points", update);
    model.off("change:message", draw);
  };
}

export default { render };
