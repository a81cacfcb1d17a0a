"use strict";
// Pictures: a slider and the thumbnails choose the step that is shown large.
for (const figure of document.querySelectorAll(".picture")) {
  const large = figure.querySelector(".large"), label = figure.querySelector(".at");
  const slider = figure.querySelector("input"), buttons = [...figure.querySelectorAll("button")];
  if (!slider) continue;
  // The latest picture is in the file once: its thumbnail borrows it.
  buttons.at(-1).querySelector("img").src = large.src;
  const show = (index) => {
    large.src = buttons[index].querySelector("img").src;
    label.textContent = buttons[index].dataset.label;
    slider.value = index;
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", i === index));
  };
  slider.addEventListener("input", () => show(Number(slider.value)));
  buttons.forEach((button, i) => button.addEventListener("click", () => show(i)));
}
// Comparisons: two of several pictures lie on each other, and a slider says how far the left one goes.
for (const figure of document.querySelectorAll(".compare")) {
  const stack = figure.querySelector(".stack"), slider = figure.querySelector("input");
  const slide = () => stack.style.setProperty("--at", `${slider.value}%`);
  slider.addEventListener("input", slide);
  slide();
  for (const choice of figure.querySelectorAll("select")) {
    const choose = () => {
      for (const picture of stack.children)
        picture.classList.toggle(choice.className, picture.dataset.what === choice.value);
    };
    choice.addEventListener("change", choose);
    choose();
  }
}
// Curves: the legend shows the values under the pointer, at the same step in all charts.
const charts = [...document.querySelectorAll(".chart")].map((figure) => ({
  svg: figure.querySelector("svg"),
  cursor: figure.querySelector(".cursor"),
  curves: [...figure.querySelectorAll(".curve")].map((line, i) => ({
    x: line.getAttribute("points").split(" ").map((point) => parseFloat(point)),
    steps: line.dataset.steps.split(" ").map(Number),
    values: line.dataset.values.split(" "),
    label: figure.querySelectorAll(".key b")[i],
    last: figure.querySelectorAll(".key b")[i].textContent,
  })),
}));
const nearest = (list, value) =>
  list.reduce((best, item, i) => (Math.abs(item - value) < Math.abs(list[best] - value) ? i : best), 0);
const point = (step) => {
  for (const chart of charts) {
    for (const curve of chart.curves) {
      const i = nearest(curve.steps, step);
      curve.label.textContent = curve.values[i];
      chart.cursor.setAttribute("x1", curve.x[i]);
      chart.cursor.setAttribute("x2", curve.x[i]);
    }
    chart.cursor.style.visibility = "visible";
  }
};
for (const chart of charts) {
  chart.svg.addEventListener("pointermove", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.svg.getScreenCTM().inverse());
    const curve = chart.curves[0];
    point(curve.steps[nearest(curve.x, at.x)]);
  });
  chart.svg.addEventListener("pointerleave", () => {
    for (const { cursor, curves } of charts) {
      cursor.style.visibility = "hidden";
      for (const curve of curves) curve.label.textContent = curve.last;
    }
  });
}
