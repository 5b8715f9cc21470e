(() => {
  "use strict";
  const root = document.documentElement;
  const KEY = "isoperf-theme";
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const coarse = matchMedia("(pointer: coarse)").matches;
  const hovers = matchMedia("(hover: hover)").matches;

  // A page opened from disk may be refused storage; the theme then lasts as long as the page.
  const remember = (theme) => { try { localStorage.setItem(KEY, theme); } catch { /* not kept */ } };
  const remembered = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const theme = () => root.dataset.theme || (systemDark.matches ? "dark" : "light");

  // Colours live in the style sheet only; a figure names them as "@role" or "@role/opacity".
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const colour = (text) => {
    const found = /^@([a-z0-9-]+)(?:\/([\d.]+))?$/.exec(text);
    if (!found) return text;
    probe.style.color = `var(--${found[1]})`;
    const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g);
    return `rgba(${r}, ${g}, ${b}, ${found[2] ?? 1})`;
  };
  const painted = (value, key = "") => {
    if (Array.isArray(value)) return key.endsWith("text") ? value : value.map((inner) => painted(inner, key));
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, painted(inner, name)]));
    return typeof value === "string" && key.endsWith("color") ? colour(value) : value;
  };

  const written = (x, unit) => {
    const size = Math.abs(x);
    const power = () => Number(x.toPrecision(4)).toExponential().replace("e+", "e");
    if (unit === "FLOPs" && size >= 1e4) return power();
    if (["params", "parameters", "tokens"].includes(unit) && size >= 1e4 && size < 1e6)
      return Number((x / 1e3).toPrecision(6)) + "K";
    for (const [scale, suffix] of [[1e12, "T"], [1e9, "B"], [1e6, "M"]])
      if (size >= scale && size < scale * 1000) return Number((x / scale).toPrecision(6)) + suffix;
    if (x !== 0 && (size >= 1e6 || size < 1e-4)) return power();
    return String(Number(x.toPrecision(6)));
  };
  const steps = (low, high, most) => {
    const rough = (high - low) / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999);
    const found = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high * (1 + 1e-12); i++) found.push(i * step);
    return found;
  };
  const ratios = (range, most) => {
    const [low, high] = range[0] < range[1] ? range : [range[1], range[0]];
    const between = (digits, every = 1) => {
      const found = [];
      for (let p = Math.floor(low); p <= Math.ceil(high); p++)
        for (const digit of digits) {
          const at = Math.log10(digit) + p;
          if (p % every === 0 && at >= low - 1e-9 && at <= high + 1e-9) found.push(Number(`${digit}e${p}`));
        }
      return found;
    };
    if (high - low < 0.7) return steps(10 ** low, 10 ** high, most);
    const choices = [between([1, 2, 5]), between([1, 3]), ...[1, 2, 3, 4, 5, 10, 20].map((n) => between([1], n))];
    const finest = choices.find((values) => values.length <= most);
    return finest && finest.length >= 2 ? finest : steps(10 ** low, 10 ** high, most);
  };

  // A figure cannot see the paper before it is printed; this fits A4 and US Letter.
  const PAPER = { width: 640, height: 360 };
  const NARROW = 420;
  let printing = false;
  const size = (plot) => (printing ? PAPER : { width: plot.clientWidth, height: plot.clientHeight });

  // Bold words are a style of their own in Plotly's drawing, which a strict page forbids.
  const strict = "strict" in root.dataset;
  const plain = (trace) => {
    if (!strict || !trace.hovertext) return trace;
    return { ...trace, hovertext: [trace.hovertext].flat().map((text) => text.replace(/<\/?b>/g, "")) };
  };

  const figures = [];
  const box = (plot) => ({ x: Math.max(plot.clientWidth - 80, 120), y: Math.max(plot.clientHeight - 80, 120) });
  const logTicks = (plot, axis, range, unit) => {
    const most = axis === "x" ? box(plot).x / 62 : box(plot).y / 34;
    const values = ratios(range, Math.max(3, Math.floor(most)));
    return { tickvals: values, ticktext: values.map((value) => written(value, unit)) };
  };
  // Plotly writes numbers beyond its suffixes with raised exponents, in styles that a strict page forbids.
  const BEYOND = 1e15;
  const farTicks = (plot, axis, range, unit) => {
    const most = axis === "x" ? box(plot).x / 62 : box(plot).y / 34;
    const values = steps(Math.min(...range), Math.max(...range), Math.max(3, Math.floor(most)));
    return { tickvals: values, ticktext: values.map((value) => written(value, unit)) };
  };

  // The other kind of axis: equal steps for equal ratios, and back.
  const valuesOf = (spec, axis) => spec.data.flatMap((trace) => trace[axis] ?? []).filter((value) => value !== null);
  const turnable = (spec, axis) => {
    const values = valuesOf(spec, axis);
    return values.length > 1 && values.every((value) => typeof value === "number" && value > 0);
  };
  const turn = (spec, axis, wanted) => {
    wanted.type = wanted.type === "log" ? "linear" : "log";
    const places = valuesOf(spec, axis).map((value) => (wanted.type === "log" ? Math.log10(value) : value));
    const [low, high] = places.reduce(([least, most], at) => [Math.min(least, at), Math.max(most, at)], [Infinity, -Infinity]);
    const margin = 0.05 * (high - low) || 0.5;
    wanted.range = [low - margin, high + margin];
  };

  const draw = (figure) => {
    const { plot, spec } = figure;
    const layout = painted(spec.layout);
    for (const axis of ["x", "y"]) {
      const wanted = layout[`${axis}axis`];
      if (figure.turned.has(axis)) turn(spec, axis, wanted);
      const now = (figure.fresh.delete(axis) ? null : plot._fullLayout?.[`${axis}axis`]?.range) ?? wanted.range;
      if (wanted.type === "log") Object.assign(wanted, { tickmode: "array" }, logTicks(plot, axis, now, spec.units[axis]));
      else if (now?.some((end) => Math.abs(end) >= BEYOND))
        Object.assign(wanted, { tickmode: "array" }, farTicks(plot, axis, now, spec.units[axis]));
    }
    layout.uirevision += [...figure.turned].join();
    if (coarse) layout.dragmode = false;
    Object.assign(layout, size(plot));
    const hidden = new Set(figure.hidden);
    const data = painted(spec.data).map((trace, i) => ({ ...plain(trace), visible: !hidden.has(`t${i}`) }));
    if (layout.width < NARROW) for (const { marker } of data) if (marker?.size) marker.size *= 0.75;
    (layout.shapes ?? []).forEach((shape, i) => { shape.visible = !hidden.has(`s${i}`); });
    // Named one by one: Plotly's own choice has a button that sends the data to its makers.
    const config = {
      displaylogo: false,
      displayModeBar: hovers ? "hover" : false,
      modeBarButtons: [["toImage"], ["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"]],
      plotlyServerURL: "",
      showSendToCloud: false,
      toImageButtonOptions: { filename: spec.name, scale: 2 },
    };
    return Plotly.react(plot, data, layout, config);
  };
  const drawAll = () => figures.filter(({ plot }) => plot.isConnected).forEach(draw);

  const follow = (figure) => {
    const { plot } = figure;
    let drawn = "";
    const again = () => {
      const full = plot._fullLayout;
      const key = [full.xaxis.range, full.yaxis.range, plot.clientWidth, plot.clientHeight].join();
      if (key !== drawn) { drawn = key; draw(figure); }
    };
    plot.on("plotly_relayout", again);
    new ResizeObserver(() => requestAnimationFrame(again)).observe(plot);
    const legend = plot.parentElement.querySelectorAll(".legend button");
    const axes = document.createElement("div");
    axes.className = "axes";
    axes.append(...["x", "y"].filter((axis) => turnable(figure.spec, axis)).map((axis) => axisButton(figure, axis)));
    plot.before(axes);
    legend.forEach((button) => button.addEventListener("click", () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shown));
      for (const part of button.dataset.parts.split(" ")) figure.hidden[shown ? "delete" : "add"](part);
      draw(figure);
    }));
  };

  const axisButton = (figure, axis) => {
    const button = document.createElement("button");
    const { type } = figure.spec.layout[`${axis}axis`];
    button.type = "button";
    button.textContent = `log ${axis}`;
    button.setAttribute("aria-pressed", String(type === "log"));
    button.addEventListener("click", () => {
      figure.turned[figure.turned.has(axis) ? "delete" : "add"](axis);
      figure.fresh.add(axis);
      button.setAttribute("aria-pressed", String((type === "log") !== figure.turned.has(axis)));
      draw(figure);
    });
    return button;
  };

  const start = (plot) => {
    const spec = JSON.parse(plot.nextElementSibling.textContent);
    const figure = { plot, spec, hidden: new Set(), turned: new Set(), fresh: new Set() };
    plot.dataset.drawn = "";
    try {
      draw(figure);
      figures.push(figure);
      follow(figure);
    } catch (error) {
      plot.classList.add("failed");
      plot.textContent = `This figure could not be drawn (${error.message}).`;
      console.error(error);
    }
  };

  const button = document.querySelector(".theme");
  const label = () => { button.textContent = theme() === "dark" ? "Light" : "Dark"; };
  const kept = remembered();
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  button.hidden = false;
  label();
  const drawNew = () => document.querySelectorAll(".plot:not([data-drawn])").forEach(start);
  drawNew();
  window.isoperfReport = { drawNew }; // for pages that put new figures in place
  button.addEventListener("click", () => {
    root.dataset.theme = theme() === "dark" ? "light" : "dark";
    remember(root.dataset.theme);
    label();
    drawAll();
  });
  systemDark.addEventListener("change", () => { label(); drawAll(); });

  let before;
  addEventListener("beforeprint", () => {
    before = root.dataset.theme;
    root.dataset.theme = "light";
    printing = true;
    drawAll();
  });
  addEventListener("afterprint", () => {
    printing = false;
    if (before) root.dataset.theme = before; else delete root.dataset.theme;
    drawAll();
  });
})();
