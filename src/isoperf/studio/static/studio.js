(() => {
  "use strict";
  const root = document.documentElement;
  const each = (selector, act, within = document) => within.querySelectorAll(selector).forEach(act);

  // Pages with figures have the report's own script, which also turns the colours of the figures.
  const theme = document.querySelector(".theme");
  if (theme && !window.isoperfReport) {
    const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    const label = () => { theme.textContent = dark() ? "Light" : "Dark"; };
    theme.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      try { localStorage.setItem("isoperf-theme", root.dataset.theme); } catch { /* lasts as long as the page */ }
      label();
    });
    label();
  }

  const ago = (seconds) => {
    const passed = Date.now() / 1000 - seconds;
    for (const [size, name] of [[86400, "day"], [3600, "hour"], [60, "minute"]]) {
      const count = Math.floor(passed / size);
      if (count >= 1) return `${count} ${name}${count > 1 ? "s" : ""} ago`;
    }
    return "just now";
  };
  const times = (within) => each("time[data-at]", (one) => {
    const at = Number(one.dataset.at);
    one.dateTime = new Date(at * 1000).toISOString();
    one.title = new Date(at * 1000).toLocaleString();
    one.textContent = ago(at);
  }, within);
  times(document);

  each("[data-drop]", (form) => {
    const input = form.querySelector("input[type=file]");
    const over = (on) => (event) => { event.preventDefault(); form.classList.toggle("over", on); };
    for (const name of ["dragenter", "dragover"]) form.addEventListener(name, over(true));
    form.addEventListener("dragleave", over(false));
    form.addEventListener("drop", (event) => {
      over(false)(event);
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      form.requestSubmit();
    });
    input.addEventListener("change", () => { if (input.files.length) form.requestSubmit(); });
    form.addEventListener("submit", () => form.classList.add("busy"));
  });

  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const text = document.getElementById(copy.dataset.copy).innerText;
      try { await navigator.clipboard.writeText(text); copy.textContent = "Copied"; }
      catch { getSelection().selectAllChildren(document.getElementById(copy.dataset.copy)); copy.textContent = "Press Ctrl-C"; }
      setTimeout(() => { copy.textContent = "Copy"; }, 1600);
    }
    const more = event.target.closest("[data-more]");
    if (more) {
      each(".more", (one) => { one.hidden = false; one.classList.remove("more"); }, document.querySelector(more.dataset.more));
      more.remove();
    }
    const sure = event.target.closest("[data-sure]");
    if (sure && !confirm(sure.dataset.sure)) event.preventDefault();
  });

  each("[data-filter]", (input) => input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    each(input.dataset.filter, (list) => {
      each("li", (one) => {
        const text = one.textContent.toLowerCase();
        one.hidden = words.length ? !words.every((word) => text.includes(word)) : one.classList.contains("more");
      }, list);
      const found = list.querySelector("li:not([hidden])") !== null;
      list.hidden = !found;
      const heading = list.previousElementSibling;
      if (heading?.matches("h3")) heading.hidden = !found;
    });
  }));

  // A question's table decides which columns its fields offer.
  each("[data-question]", (form) => form.addEventListener("change", (event) => {
    if (event.target.name !== "data") return;
    const said = new URLSearchParams(new FormData(form));
    said.delete("csrf");
    for (const [name, value] of [...said]) if (!value) said.delete(name);
    location.search = said;
  }));

  // Sliders: a place from 0 to 1000 becomes a value, in equal steps or equal ratios.
  const valueOf = (slider) => {
    const [low, high, part] = [Number(slider.dataset.low), Number(slider.dataset.high), Number(slider.value) / 1000];
    return slider.dataset.log === "1" ? low * (high / low) ** part : low + (high - low) * part;
  };
  const written = (x) => {
    for (const [scale, suffix] of [[1e12, "T"], [1e9, "B"], [1e6, "M"]])
      if (x >= scale && x < scale * 1000) return Number((x / scale).toPrecision(3)) + suffix;
    return x >= 1e6 || (x && x < 1e-3) ? Number(x.toPrecision(3)).toExponential().replace("e+", "e") : String(Number(x.toPrecision(4)));
  };
  each("[data-controls]", (form) => form.addEventListener("input", (event) => {
    const slider = event.target;
    const value = Number(valueOf(slider).toPrecision(4));
    const field = slider.parentElement;
    field.querySelector("input[type=hidden]").value = value;
    field.querySelector("output").textContent = written(value);
    slider.setAttribute("aria-valuetext", `${written(value)} ${slider.dataset.unit}`);
  }, true));

  document.body.addEventListener("htmx:afterSwap", (event) => {
    times(event.target);
    window.isoperfReport?.drawNew();
  });
  document.body.addEventListener("htmx:responseError", (event) => {
    const target = event.detail.target;
    if (!target || event.detail.xhr.status === 0) return;
    const note = document.createElement("div");
    note.className = "caveat warning";
    note.setAttribute("role", "alert");
    const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    note.textContent = page.querySelector("[role=alert]")?.textContent.trim() || `The studio answered ${event.detail.xhr.status}.`;
    target.replaceChildren(note);
  });
})();
