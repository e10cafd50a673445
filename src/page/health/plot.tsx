// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clockSeconds, clockTime } from "../words";

export interface Series {
  label: string; // empty when there is one
  values: (number | null)[];
  now: string; // the newest number, as text with its unit
}

interface Props {
  title: string;
  times: number[];
  series: Series[];
}

const height = 130; // px
const dashes = [[], [6, 4], [2, 3], [10, 4, 2, 4]];

const fewSeconds = 600; // below it minutes alone tell the ticks not apart

/** The ticks' times, s since 1970. */
function clockOf(splits: number[]): string[] {
  const text = (splits.at(-1) ?? 0) - (splits[0] ?? 0) < fewSeconds ? clockSeconds : clockTime;
  return splits.map((at) => text(new Date(at * 1000).toISOString()));
}

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function optionsOf(width: number, count: number): uPlot.Options {
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  return {
    width, height,
    cursor: { show: false },
    legend: { show: false },
    scales: { y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      { ...axis, size: 28, space: 90, values: (_plot, splits) => clockOf(splits) },
      { ...axis, size: 48, space: 30 },
    ],
    // Told apart by dashes, too: not everybody sees the colours.
    series: [{}, ...Array.from({ length: count }, (_, at) => ({ stroke: colour(`--curve-${at % 4}`), width: 2, dash: dashes[at % 4] ?? [], points: { show: false } }))],
  };
}

/** A small plot with its newest numbers as text; the picture alone says nothing that the text does not. */
export function Plot({ title, times, series }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data: uPlot.AlignedData = [times, ...series.map((one) => one.values)];
  const newest = useRef(data);
  newest.current = data;
  useEffect(() => {
    const box = place.current;
    if (!box) return undefined;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(box.clientWidth, series.length), newest.current, box);
    };
    const fit = (): void => {
      if (plot.current && box.clientWidth > 0) plot.current.setSize({ width: box.clientWidth, height });
    };
    draw();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    const sized = new ResizeObserver(fit);
    sized.observe(box);
    return () => {
      dark.removeEventListener("change", draw);
      sized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [series.length]);
  useEffect(() => plot.current?.setData(data), [times]);
  return (
    <figure class="plot">
      <figcaption>
        <strong>{title}</strong>
        <ul>
          {series.map((one, at) => (
            <li key={one.label}>
              {series.length > 1 && <svg class={`swatch curve-${at % 4}`} width="24" height="4" aria-hidden="true"><line x1="0" y1="2" x2="24" y2="2" /></svg>}
              {one.label && `${one.label}: `}<span class="number">{one.now}</span>
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={place} class="drawn" aria-hidden="true" />
    </figure>
  );
}
