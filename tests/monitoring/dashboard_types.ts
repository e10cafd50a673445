// SPDX-License-Identifier: Apache-2.0
// A dashboard of ours as Grafana's own types have it, so narrow that a misspelt key is a fault: options and fields of each type of
// panel, and queries of Prometheus and Loki. Grafana's types come from @grafana/schema (Apache-2.0); it has none for those queries.
import type * as schema from '@grafana/schema';
import type * as barchart from '@grafana/schema/dist/esm/raw/composable/barchart/panelcfg/x/BarChartPanelCfg_types.gen';
import type * as bargauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as gauge from '@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen';
import type * as heatmap from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as logs from '@grafana/schema/dist/esm/raw/composable/logs/panelcfg/x/LogsPanelCfg_types.gen';
import type * as piechart from '@grafana/schema/dist/esm/raw/composable/piechart/panelcfg/x/PieChartPanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as statushistory from '@grafana/schema/dist/esm/raw/composable/statushistory/panelcfg/x/StatusHistoryPanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** As JSON has it: an enumeration's value is written out. */
type Written<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T
  : T extends (infer Item)[] ? Written<Item>[] : T extends object ? { [Key in keyof T]: Written<T[Key]> } : T;

/** What a panel leaves out, Grafana fills in. */
type Left<T> = Partial<T>;

interface Source { type: string; uid: string }
interface PrometheusQuery {
  refId: string; datasource: Source; expr: string; legendFormat: string; editorMode: 'code'; instant: boolean; range: boolean;
  format: 'time_series' | 'table' | 'heatmap'; exemplar?: boolean;
}
interface LokiQuery { refId: string; datasource: Source; expr: string; queryType: 'range' | 'instant'; editorMode: 'code'; legendFormat?: string }

type Fields<Custom> = Omit<Written<schema.FieldConfig>, 'custom' | 'mappings' | 'links'> & {
  custom?: Left<Written<Custom>>; mappings?: Written<schema.ValueMapping>[]; links?: { title: string; url: string; targetBlank?: boolean }[];
};

interface PanelOf<Type extends string, Options, Custom> extends Omit<Written<schema.Panel>, 'type' | 'options' | 'fieldConfig' | 'targets' | 'datasource'> {
  type: Type; id: number; title: string; datasource: Source; gridPos: { x: number; y: number; w: number; h: number };
  options: Left<Written<Options>>; targets: (PrometheusQuery | LokiQuery)[];
  fieldConfig: { defaults: Fields<Custom>; overrides: { matcher: { id: string; options: unknown }; properties: { id: string; value: unknown }[] }[] };
}

type None = Record<string, never>;
type OurPanel =
  | PanelOf<'barchart', barchart.Options, barchart.FieldConfig> | PanelOf<'bargauge', bargauge.Options, None> | PanelOf<'gauge', gauge.Options, None>
  | PanelOf<'heatmap', heatmap.Options, heatmap.FieldConfig> | PanelOf<'logs', logs.Options, None>
  | PanelOf<'piechart', piechart.Options, piechart.FieldConfig> | PanelOf<'stat', stat.Options, None>
  | PanelOf<'status-history', statushistory.Options, statushistory.FieldConfig> | PanelOf<'table', table.Options, table.FieldConfig>
  | PanelOf<'timeseries', timeseries.Options, timeseries.FieldConfig>;

type Whole = Written<Omit<schema.Dashboard, 'panels'>>;

export type OurDashboard = Whole & Required<Pick<Whole, 'uid' | 'title' | 'schemaVersion' | 'templating' | 'annotations' | 'time'>> & { panels: OurPanel[] };
